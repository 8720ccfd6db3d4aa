//! Where exported items go: a directory tree that must be empty, or JSON lines.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::json_lines::Entry;
use super::tree;
use super::{Item, Named, Outcome, STANDARD_STREAM, Shape};
use crate::failure::Failure;

/// Where items go.
pub enum Sink {
    /// Files below a root.
    Tree(PathBuf),
    /// Lines of a file or of standard output.
    Lines(BufWriter<Box<dyn Write>>),
}

/// A root that holds files already: they would be mixed with the export, or lost.
#[derive(Debug, thiserror::Error)]
#[error("it is not empty: export into a new directory")]
struct NotEmpty;

impl Sink {
    /// Opens the place; nothing that exists is ever replaced.
    pub fn open(path: &Path, shape: Shape) -> Result<Self, Failure> {
        let opened = match shape {
            Shape::Tree => empty_directory(path),
            Shape::Jsonl => lines(path),
        };
        opened.map_err(|cause| Failure::File {
            action: "export to",
            path: path.to_owned(),
            cause,
        })
    }

    /// Writes one item, and says what became of it.
    pub fn write(&mut self, item: Item) -> Outcome {
        let (name, bytes) = (item.name.clone(), item.len());
        let written = match self {
            Self::Tree(root) => write_files(root, item),
            Self::Lines(lines) => write_lines(lines, item),
        };
        match written {
            Ok(()) => Outcome::Transferred { bytes },
            Err(cause) => Outcome::Failed(Named::new(name, cause)),
        }
    }

    /// Makes sure that everything was written.
    pub fn finish(self) -> Result<(), Failure> {
        match self {
            Self::Tree(_) => Ok(()),
            Self::Lines(mut lines) => Ok(lines.flush()?),
        }
    }
}

fn empty_directory(path: &Path) -> io::Result<Sink> {
    fs::create_dir_all(path)?;
    match fs::read_dir(path)?.next() {
        None => Ok(Sink::Tree(path.to_owned())),
        Some(_) => Err(io::Error::other(NotEmpty)),
    }
}

fn lines(path: &Path) -> io::Result<Sink> {
    let out: Box<dyn Write> = match path.as_os_str() == STANDARD_STREAM {
        true => Box::new(io::stdout()),
        false => Box::new(File::create_new(path)?),
    };
    Ok(Sink::Lines(BufWriter::new(out)))
}

/// A key that is no path below the root, so that it has no file.
#[derive(Debug, thiserror::Error)]
#[error("the key is no path of a file: export it as JSON lines")]
struct NoPath;

fn write_files(root: &Path, item: Item) -> io::Result<()> {
    let path = tree::path_of(root, &item.key).ok_or_else(|| io::Error::other(NoPath))?;
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
        sink.write(item("a/b", &["one"]));
        sink.write(item("c", &["two", "three"]));
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
        assert!(matches!(
            sink.write(item("../out", &["x"])),
            Outcome::Failed(_)
        ));
        assert!(matches!(
            sink.write(item("a", &["x"])),
            Outcome::Transferred { bytes: 1 }
        ));
        assert!(matches!(sink.write(item("a", &["y"])), Outcome::Failed(_)));
        assert!(matches!(
            sink.write(item("a/b", &["y"])),
            Outcome::Failed(_)
        ));
        assert!(!root.path().join("out").exists());
    }

    #[test]
    fn an_export_wants_a_place_of_its_own() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("file.jsonl"), "").unwrap();
        let Err(refusal) = Sink::open(root.path(), Shape::Tree) else {
            panic!("mixed with what was there");
        };
        assert!(
            refusal
                .to_string()
                .ends_with("it is not empty: export into a new directory")
        );
        assert!(Sink::open(&root.path().join("file.jsonl"), Shape::Jsonl).is_err());
    }
}
