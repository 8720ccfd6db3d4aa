//! Where exported items go: a directory tree that must be empty, or JSON lines.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::json_lines::Entry;
use super::sink_error::{NoFile, NoPlace, explained};
use super::tree;
use super::{Item, Named, Outcome, STANDARD_STREAM, Shape};
use crate::failure::Failure;

/// Where items go.
pub struct Sink {
    place: Place,
    /// What this export has made, and takes away again if nothing comes into it.
    made: Option<PathBuf>,
}

enum Place {
    /// Files below a root.
    Tree(PathBuf),
    /// Lines of a file or of standard output.
    Lines(BufWriter<Box<dyn Write>>),
}

impl Sink {
    /// Opens the place; nothing that exists is ever replaced.
    pub fn open(path: &Path, shape: Shape) -> Result<Self, Failure> {
        let is_new = path.as_os_str() != STANDARD_STREAM && !path.exists();
        let opened = match shape {
            Shape::Tree => empty_directory(path),
            Shape::Jsonl => lines(path),
        };
        let made = is_new.then(|| path.to_owned());
        let opened = opened.map(|place| Self { place, made });
        opened.map_err(|cause| Failure::File {
            action: "export to",
            path: path.to_owned(),
            cause,
        })
    }

    /// Writes one item, and says what became of it. After an error nothing more can be written.
    pub fn write(&mut self, item: Item) -> io::Result<Outcome> {
        let (name, bytes) = (item.name.clone(), item.len());
        match &mut self.place {
            Place::Tree(root) => {
                if let Err(cause) = write_files(root, item) {
                    return Ok(Outcome::Failed(Named::new(name, explained(cause))));
                }
            }
            // Half a line may have been written, which another one would make worse.
            Place::Lines(lines) => write_lines(lines, item)?,
        }
        Ok(Outcome::Transferred { bytes })
    }

    /// Makes sure that everything was written.
    pub fn finish(&mut self) -> io::Result<()> {
        match &mut self.place {
            Place::Tree(_) => Ok(()),
            Place::Lines(lines) => lines.flush(),
        }
    }

    /// Takes away what was made for an export of which nothing came: the next one wants the place.
    /// What holds anything stays.
    pub fn withdraw(self) {
        let Some(made) = self.made else {
            return;
        };
        // It was an attempt to tidy up, and the export has failed for a better reason.
        let _ = match self.place {
            Place::Tree(_) => remove_folders(&made),
            Place::Lines(_) => remove_empty(&made),
        };
    }
}

/// A tree of folders without a file, from below. One that is not empty is left.
fn remove_folders(root: &Path) -> io::Result<()> {
    for entry in WalkDir::new(root).contents_first(true) {
        fs::remove_dir(entry?.path())?;
    }
    Ok(())
}

fn remove_empty(file: &Path) -> io::Result<()> {
    match fs::metadata(file)?.len() {
        0 => fs::remove_file(file),
        _ => Ok(()),
    }
}

fn empty_directory(path: &Path) -> io::Result<Place> {
    if path.is_file() {
        return Err(io::Error::other(NoPlace::File));
    }
    fs::create_dir_all(path)?;
    match fs::read_dir(path)?.next() {
        None => Ok(Place::Tree(path.to_owned())),
        Some(_) => Err(io::Error::other(NoPlace::NotEmpty)),
    }
}

fn lines(path: &Path) -> io::Result<Place> {
    let out: Box<dyn Write> = match path.as_os_str() == STANDARD_STREAM {
        true => Box::new(io::stdout()),
        false => Box::new(new_file(path)?),
    };
    Ok(Place::Lines(BufWriter::new(out)))
}

fn new_file(path: &Path) -> io::Result<File> {
    File::create_new(path).map_err(|cause| match cause.kind() {
        io::ErrorKind::AlreadyExists if path.is_dir() => io::Error::other(NoPlace::Directory),
        io::ErrorKind::AlreadyExists => io::Error::other(NoPlace::Exists),
        io::ErrorKind::NotFound => {
            let folder = path.parent().unwrap_or(path).to_owned();
            io::Error::other(NoPlace::NoFolder { folder })
        }
        _ => cause,
    })
}

fn write_files(root: &Path, item: Item) -> io::Result<()> {
    let path = tree::path_of(root, &item.key).ok_or_else(|| io::Error::other(NoFile::NoPath))?;
    let alone = item.values.len() == 1;
    for (index, value) in item.values.into_iter().enumerate() {
        let path = match alone {
            true => path.clone(),
            false => sibling_path(&path, index + 1),
        };
        write_file(&path, &value.bytes)?;
    }
    Ok(())
}

/// Siblings stand beside each other, so that none is lost.
fn sibling_path(path: &Path, number: usize) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(format!(".sibling-{number}"));
    path.into()
}

fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(bytes)
}

fn write_lines(lines: &mut impl Write, item: Item) -> io::Result<()> {
    for value in item.values {
        let entry = Entry {
            key: item.key.to_vec(),
            value: value.bytes.into(),
            content_type: value.content_type,
        };
        lines.write_all(&entry.to_line()?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::ItemValue;
    use super::*;

    fn item(key: &'static str, values: &[&'static str]) -> Item {
        let value = |text: &&'static str| ItemValue {
            bytes: text.as_bytes().into(),
            content_type: String::new(),
        };
        Item {
            name: key.to_owned(),
            key: key.as_bytes().into(),
            values: values.iter().map(value).collect(),
        }
    }

    #[test]
    fn siblings_become_files_beside_each_other() {
        let root = tempfile::tempdir().unwrap();
        let mut sink = Sink::open(root.path(), Shape::Tree).unwrap();
        sink.write(item("a/b", &["one"])).unwrap();
        sink.write(item("c", &["two", "three"])).unwrap();
        let text = |name| fs::read_to_string(root.path().join(name)).unwrap();
        assert_eq!(
            ["a/b", "c.sibling-1", "c.sibling-2"].map(text),
            ["one", "two", "three"]
        );
    }

    #[test]
    fn nothing_is_written_outside_the_root_nor_over_a_file() {
        let root = tempfile::tempdir().unwrap();
        let mut sink = Sink::open(&root.path().join("new"), Shape::Tree).unwrap();
        let mut write = |key, value| sink.write(item(key, &[value])).unwrap();
        assert!(matches!(write("../out", "x"), Outcome::Failed(_)));
        assert!(matches!(write("a", "x"), Outcome::Transferred { bytes: 1 }));
        assert!(matches!(write("a", "y"), Outcome::Failed(_)));
        assert!(matches!(write("a/b", "y"), Outcome::Failed(_)));
        assert!(!root.path().join("out").exists());
    }

    #[test]
    fn an_export_wants_a_place_of_its_own() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path();
        let file = root.join("file.jsonl");
        fs::write(&file, "").unwrap();
        for (path, shape, what) in [
            (root, Shape::Tree, "it is not empty"),
            (&file, Shape::Tree, "it is a file, and a tree needs"),
            (&file, Shape::Jsonl, "it is there already"),
            (root, Shape::Jsonl, "it is a directory, and JSON lines need"),
            (&root.join("no/file"), Shape::Jsonl, "there is no directory"),
        ] {
            let Err(refusal) = Sink::open(path, shape) else {
                panic!("{what}");
            };
            let refusal = refusal.to_string();
            assert!(refusal.contains(what), "{refusal}");
            assert!(refusal.contains(path.to_str().unwrap()), "{refusal}");
        }
    }
}
