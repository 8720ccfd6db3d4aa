//! Why an export has no place, or an item no file in it.

use std::io;
use std::path::PathBuf;

/// A place where an export would be mixed with what is there, or replace it.
#[derive(Debug, thiserror::Error)]
pub enum NoPlace {
    #[error("it is not empty: export into a new directory")]
    NotEmpty,
    #[error(
        "it is a file, and a tree needs a new or empty directory; *.jsonl, or --format jsonl, is a new file of JSON lines"
    )]
    File,
    #[error("it is there already, and nothing is replaced: export into a new file")]
    Exists,
    #[error("it is a directory, and JSON lines need a new file; --format tree is a directory")]
    Directory,
    #[error("there is no directory {} to make it in", .folder.display())]
    NoFolder { folder: PathBuf },
}

/// An item that no file can stand for, where the system's words say so little.
#[derive(Debug, thiserror::Error)]
pub enum NoFile {
    #[error("a name in the key is longer than a file's may be: export it as JSON lines")]
    LongName,
    #[error("another key has taken its place, as with a beside a/b: export it as JSON lines")]
    Taken,
    #[error("the key is no path of a file: export it as JSON lines")]
    NoPath,
}

/// What the system says, and what can be done where that is known.
pub fn explained(cause: io::Error) -> io::Error {
    match cause.kind() {
        io::ErrorKind::InvalidFilename => io::Error::other(NoFile::LongName),
        io::ErrorKind::NotADirectory
        | io::ErrorKind::IsADirectory
        | io::ErrorKind::AlreadyExists => io::Error::other(NoFile::Taken),
        _ => cause,
    }
}
