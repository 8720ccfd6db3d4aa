//! Items from a directory tree or from JSON lines, read by a thread of its own: a slow disk or
//! pipe must not hold up the connections.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::thread;

use bytes::Bytes;
use cartwheel::bucket::Bucket as Policy;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::json_lines::{BadLine, Entry, LINE_LEN_MAX};
use super::tree::{self, FoundFile, NotAFile};
use super::{Item, ItemValue, Named, Outcome, STANDARD_STREAM, Shape};
use crate::output;

/// How many items are read ahead.
const READ_AHEAD: usize = 16;

/// An item, or what became of one that can't be read.
pub type Reading = Result<Item, Outcome>;

/// Where items come from.
pub struct Source {
    pub path: PathBuf,
    pub shape: Shape,
    /// Comes before every key.
    pub prefix: String,
    /// Values over it are not even read.
    pub value_len_max: u64,
}

impl Source {
    /// The source for a bucket of this policy.
    pub fn new(path: PathBuf, shape: Shape, prefix: String, policy: &Policy) -> Self {
        let value_len_max = policy.value_len_max.into();
        Self {
            path,
            shape,
            prefix,
            value_len_max,
        }
    }

    /// How many items there will be, if that can be told.
    pub fn count(&self) -> Option<u64> {
        let countable = self.shape == Shape::Tree;
        countable.then(|| tree::walk(&self.path).count() as u64)
    }

    /// Starts to read.
    pub fn start(self) -> io::Result<Receiver<Reading>> {
        let (sender, receiver) = channel(READ_AHEAD);
        let lines = match self.shape {
            Shape::Tree => check_tree(&self.path).map(|()| None)?,
            Shape::Jsonl => Some(open(&self.path)?),
        };
        let reader = thread::Builder::new().name("reader".to_owned());
        reader.spawn(move || match lines {
            None => self.read_tree(&sender),
            Some(lines) => Lines::new(lines, self.prefix).read(&sender),
        })?;
        Ok(receiver)
    }

    fn read_tree(&self, to: &Sender<Reading>) {
        for found in tree::walk(&self.path) {
            // Nobody waits any more.
            if to.blocking_send(self.read_file(found)).is_err() {
                return;
            }
        }
    }

    fn read_file(&self, found: Result<FoundFile, NotAFile>) -> Reading {
        let file = found.map_err(|problem| match problem {
            NotAFile::Special { ref path } => {
                Outcome::Skipped(Named::new(path.display(), "neither a file nor a directory"))
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

/// JSON lines, those of one key joined to one item.
struct Lines<R> {
    from: R,
    prefix: String,
    number: u64,
    pending: Option<Item>,
}

/// A line, or why there is none.
enum Line {
    Entry(Entry),
    Bad(BadLine),
    Unreadable(io::Error),
    End,
}

impl<R: BufRead> Lines<R> {
    fn new(from: R, prefix: String) -> Self {
        Self {
            from,
            prefix,
            number: 0,
            pending: None,
        }
    }

    fn read(mut self, to: &Sender<Reading>) {
        loop {
            let (whole, problem) = match self.next_line() {
                Line::Entry(entry) => (self.join(entry), None),
                Line::Bad(cause) => (self.pending.take(), Some(self.failed(cause))),
                Line::Unreadable(cause) => {
                    let _ = to.blocking_send(Err(self.failed(cause)));
                    break;
                }
                Line::End => break,
            };
            let items = whole.map(Ok).into_iter().chain(problem.map(Err));
            for item in items {
                if to.blocking_send(item).is_err() {
                    return;
                }
            }
        }
        if let Some(last) = self.pending {
            let _ = to.blocking_send(Ok(last));
        }
    }

    /// Adds the entry to its key's item, and gives the item before it if that is whole.
    fn join(&mut self, entry: Entry) -> Option<Item> {
        let key: Bytes = [self.prefix.as_bytes(), &entry.key].concat().into();
        if let Some(pending) = &mut self.pending
            && pending.key == key
        {
            pending.values.push(entry.into());
            return None;
        }
        let name = output::readable(&entry.key);
        let values = vec![entry.into()];
        self.pending.replace(Item { name, key, values })
    }

    fn failed(&self, cause: impl ToString) -> Outcome {
        Outcome::Failed(Named::new(format!("line {}", self.number), cause))
    }

    fn next_line(&mut self) -> Line {
        let mut line = Vec::new();
        loop {
            line.clear();
            self.number += 1;
            let limit = LINE_LEN_MAX as u64 + 1;
            match self.from.by_ref().take(limit).read_until(b'\n', &mut line) {
                Err(cause) => return Line::Unreadable(cause),
                Ok(0) => return Line::End,
                Ok(_) if line.len() > LINE_LEN_MAX => return self.too_long(),
                Ok(_) if line.trim_ascii().is_empty() => {}
                Ok(_) => return Entry::from_line(&line).map_or_else(Line::Bad, Line::Entry),
            }
        }
    }

    /// Skips the rest of the line, which may be of any length.
    fn too_long(&mut self) -> Line {
        match self.from.skip_until(b'\n') {
            Ok(_) => Line::Bad(BadLine::TooLong),
            Err(cause) => Line::Unreadable(cause),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Reading> {
        let (sender, mut receiver) = channel(100);
        Lines::new(text.as_bytes(), "p/".to_owned()).read(&sender);
        drop(sender);
        std::iter::from_fn(|| receiver.blocking_recv()).collect()
    }

    fn names(items: &[Reading]) -> Vec<String> {
        let name = |item: &Reading| match item {
            Ok(item) => format!("{} x{}", item.name, item.values.len()),
            Err(Outcome::Failed(named)) => format!("{} failed", named.name),
            Err(other) => format!("{other:?}"),
        };
        items.iter().map(name).collect()
    }

    #[test]
    fn lines_of_one_key_are_one_item_with_siblings() {
        let items = read(
            "{\"key\":\"a\",\"value\":\"1\"}\n{\"key\":\"b\",\"value\":\"2\"}\n\n{\"key\":\"b\",\"value\":\"3\"}\n{\"key\":\"c\",\"value\":\"4\"}",
        );
        assert_eq!(names(&items), ["a x1", "b x2", "c x1"]);
        assert_eq!(items[0].as_ref().unwrap().key, "p/a");
    }

    #[test]
    fn a_bad_line_is_named_by_its_number_and_the_others_are_read() {
        let items =
            read("{\"key\":\"a\",\"value\":\"1\"}\n\nnonsense\n{\"key\":\"b\",\"value\":\"2\"}\n");
        assert_eq!(names(&items), ["a x1", "line 3 failed", "b x1"]);
    }

    #[test]
    fn a_line_without_end_takes_no_memory_without_end() {
        let long = "x".repeat(LINE_LEN_MAX + 10);
        let items = read(&format!("{long}\n{{\"key\":\"a\",\"value\":\"1\"}}\n"));
        assert_eq!(names(&items), ["line 1 failed", "a x1"]);
    }

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
        };
        let mut items = source.start().unwrap();
        let Some(Err(Outcome::Skipped(big))) = items.blocking_recv() else {
            panic!("not skipped");
        };
        assert_eq!(big.reason, "6 bytes are over the bucket's limit of 5");
        let small = items.blocking_recv().unwrap().unwrap();
        assert_eq!((&small.key[..], small.len()), (&b"p/small"[..], 5));
        assert!(items.blocking_recv().is_none());
    }
}
