//! Items from a directory tree or from JSON lines, read by a thread of its own: a slow disk or
//! pipe must not hold up the connections.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::thread;

use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::lines::Lines;
use super::tree::{self, FoundFile, NotAFile};
use super::{Item, ItemValue, Named, Outcome, Position, STANDARD_STREAM, Shape};
use crate::output;

/// How many items are read ahead.
const READ_AHEAD: usize = 16;

/// What was read.
#[derive(Debug)]
pub struct Reading {
    /// An item, or what became of one that can't be read.
    pub item: Result<Item, Outcome>,
    /// Up to where the source is done once this and all before it is.
    pub position: Option<Position>,
}

/// A source that can't be read from where it should.
#[derive(Debug)]
pub enum StartError {
    Io(io::Error),
    /// The lines up to the position are not those that were there.
    OtherLines {
        lines: u64,
    },
}

/// Where items come from.
pub struct Source {
    pub path: PathBuf,
    pub shape: Shape,
    /// Comes before every key.
    pub prefix: String,
    /// Values over it are not even read.
    pub value_len_max: u64,
    /// What comes up to here is left out.
    pub after: Option<Position>,
}

impl Source {
    /// How many items there will be, if that can be told.
    pub fn count(&self) -> Option<u64> {
        let countable = self.shape == Shape::Tree;
        countable.then(|| self.walk().count() as u64)
    }

    /// Starts to read. It may take a while to find the place.
    pub fn start(self) -> Result<Receiver<Reading>, StartError> {
        let (sender, receiver) = channel(READ_AHEAD);
        let lines = match self.shape {
            Shape::Tree => check_tree(&self.path).map(|()| None)?,
            Shape::Jsonl => Some(self.lines()?),
        };
        let reader = thread::Builder::new().name("reader".to_owned());
        reader.spawn(move || match lines {
            None => self.read_tree(&sender),
            Some(lines) => lines.read(&sender),
        })?;
        Ok(receiver)
    }

    fn lines(&self) -> Result<Lines<Box<dyn BufRead + Send>>, StartError> {
        let mut lines = Lines::new(open(&self.path)?, self.prefix.clone());
        match &self.after {
            Some(after @ Position::Lines { count, .. }) if !lines.skip(after)? => {
                Err(StartError::OtherLines { lines: *count })
            }
            _ => Ok(lines),
        }
    }

    /// The files behind the position. The order of a walk is the order of paths.
    fn walk(&self) -> impl Iterator<Item = Result<FoundFile, NotAFile>> + use<> {
        let (root, after) = (self.path.clone(), self.after.clone());
        let is_done = move |path: &Path| match &after {
            Some(Position::Path(after)) => path.strip_prefix(&root).is_ok_and(|path| path <= after),
            _ => false,
        };
        tree::walk(&self.path).filter(move |found| match found {
            Ok(FoundFile { path, .. }) | Err(NotAFile::Special { path, .. }) => !is_done(path),
            Err(NotAFile::Unreadable { .. }) => true,
        })
    }

    fn read_tree(&self, to: &Sender<Reading>) {
        for found in self.walk() {
            let path = found.as_ref().ok().map(|file| file.path.as_path());
            let path = path.and_then(|path| path.strip_prefix(&self.path).ok());
            let position = path.map(|path| Position::Path(path.to_owned()));
            let item = self.read_file(found);
            // Nobody waits any more.
            if to.blocking_send(Reading { item, position }).is_err() {
                return;
            }
        }
    }

    fn read_file(&self, found: Result<FoundFile, NotAFile>) -> Result<Item, Outcome> {
        let file = found.map_err(|problem| match problem {
            NotAFile::Special { path, what } => {
                let path = path.strip_prefix(&self.path).unwrap_or(&path);
                let name = output::readable(path.as_os_str().as_bytes());
                Outcome::Skipped(Named::new(name, what))
            }
            NotAFile::Unreadable { cause } => Outcome::Failed(Named::new("tree", cause)),
        })?;
        let name = output::readable(&file.key);
        if file.len > self.value_len_max {
            return Err(too_large(name, file.len, self.value_len_max));
        }
        match std::fs::read(&file.path) {
            Ok(bytes) => Ok(Item {
                key: [self.prefix.as_bytes(), &file.key].concat().into(),
                values: vec![ItemValue {
                    bytes: bytes.into(),
                    content_type: String::new(),
                }],
                name,
            }),
            Err(cause) => Err(Outcome::Failed(Named::new(name, cause))),
        }
    }
}

impl From<io::Error> for StartError {
    fn from(cause: io::Error) -> Self {
        Self::Io(cause)
    }
}

/// What becomes of a value that the bucket does not take.
pub fn too_large(name: String, len: u64, limit: u64) -> Outcome {
    let reason = format!("{len} bytes are over the bucket's limit of {limit}");
    Outcome::Skipped(Named { name, reason })
}

/// A path of the other shape.
#[derive(Debug, thiserror::Error)]
enum OtherShape {
    #[error("it is a directory, not a file of JSON lines: --format tree imports it")]
    Directory,
    #[error("it is a file, not a directory tree: --format jsonl imports one of JSON lines")]
    File,
}

fn check_tree(path: &Path) -> io::Result<()> {
    match std::fs::metadata(path)?.is_dir() {
        true => Ok(()),
        false => Err(io::Error::other(OtherShape::File)),
    }
}

fn open(path: &Path) -> io::Result<Box<dyn BufRead + Send>> {
    if path.as_os_str() == STANDARD_STREAM {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let file = File::open(path)?;
    match file.metadata()?.is_dir() {
        true => Err(io::Error::other(OtherShape::Directory)),
        false => Ok(Box::new(BufReader::new(file))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_over_the_limit_is_skipped_with_its_numbers() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("big"), "123456").unwrap();
        std::fs::write(root.path().join("small"), "12345").unwrap();
        let source = Source {
            path: root.path().to_owned(),
            shape: Shape::Tree,
            prefix: "p/".to_owned(),
            value_len_max: 5,
            after: None,
        };
        let mut items = source.start().unwrap();
        let big = items.blocking_recv().unwrap();
        let Err(Outcome::Skipped(big)) = big.item else {
            panic!("not skipped");
        };
        assert_eq!(big.reason, "6 bytes are over the bucket's limit of 5");
        let small = items.blocking_recv().unwrap().item.unwrap();
        assert_eq!((&small.key[..], small.len()), (&b"p/small"[..], 5));
        assert!(items.blocking_recv().is_none());
    }
    #[test]
    fn a_tree_goes_on_behind_any_of_its_files() {
        let root = tempfile::tempdir().unwrap();
        // By their bytes `a.txt` comes before `a/b`; in a walk, behind it.
        for file in ["a/b", "a/c", "a.txt", "a-b", "b"] {
            let path = root.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, file).unwrap();
        }
        let source = |after| Source {
            path: root.path().to_owned(),
            shape: Shape::Tree,
            prefix: String::new(),
            value_len_max: 5,
            after,
        };
        let read = |after| -> Vec<Reading> {
            let mut items = source(after).start().unwrap();
            std::iter::from_fn(move || items.blocking_recv()).collect()
        };
        let all = read(None);
        assert_eq!(all.len(), 5);
        for (index, reading) in all.iter().enumerate() {
            let rest = read(reading.position.clone());
            let expected = all.iter().skip(index + 1).map(|reading| &reading.position);
            assert!(rest.iter().map(|reading| &reading.position).eq(expected));
            let count = source(reading.position.clone()).count();
            assert_eq!(count, Some(rest.len() as u64));
        }
    }
}
