//! A directory tree as keys: the key of a file is its path below the root, with slashes.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use walkdir::WalkDir;

/// A file of the tree.
#[derive(Debug, PartialEq, Eq)]
pub struct FoundFile {
    pub path: PathBuf,
    pub key: Vec<u8>,
    pub len: u64,
}

/// Something in the tree that is no file to be read.
#[derive(Debug, thiserror::Error)]
pub enum NotAFile {
    /// A link, a socket, a device: what it stands for is not in the tree.
    #[error("{}: {what}", .path.display())]
    Special { path: PathBuf, what: Special },
    /// It can't be looked at.
    #[error("{cause}")]
    Unreadable { cause: io::Error },
}

/// What something is that is neither a file nor a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Special {
    #[error("a symbolic link: not followed")]
    Link,
    #[error("neither a file nor a directory")]
    Other,
}

/// All files below a directory, in the order of their names; links are not followed.
pub fn walk(root: &Path) -> impl Iterator<Item = Result<FoundFile, NotAFile>> + use<> {
    let root = root.to_owned();
    let entries = WalkDir::new(&root)
        .follow_root_links(true)
        .sort_by_file_name();
    entries.into_iter().filter_map(move |entry| match entry {
        Ok(entry) if entry.file_type().is_dir() => None,
        Ok(entry) => Some(found(&root, &entry)),
        Err(cause) => Some(Err(unreadable(cause))),
    })
}

fn found(root: &Path, entry: &walkdir::DirEntry) -> Result<FoundFile, NotAFile> {
    let path = entry.path().to_owned();
    if !entry.file_type().is_file() {
        let what = match entry.path_is_symlink() {
            true => Special::Link,
            false => Special::Other,
        };
        return Err(NotAFile::Special { path, what });
    }
    let len = entry.metadata().map_err(unreadable)?.len();
    let key = key_of(path.strip_prefix(root).unwrap_or(&path));
    Ok(FoundFile { path, key, len })
}

fn unreadable(cause: walkdir::Error) -> NotAFile {
    // Its own text names the path.
    let cause = io::Error::other(cause);
    NotAFile::Unreadable { cause }
}

fn key_of(relative: &Path) -> Vec<u8> {
    let names: Vec<&[u8]> = relative.iter().map(OsStr::as_bytes).collect();
    names.join(&b'/')
}

/// Where the value of a key lies below a root; nothing for a key that is no path below it.
pub fn path_of(root: &Path, key: &[u8]) -> Option<PathBuf> {
    let relative = Path::new(OsStr::from_bytes(key));
    let plain = |component| matches!(component, Component::Normal(_));
    // Compared with the key, since `Path` is lenient about double and trailing slashes.
    let safe = !key.is_empty() && !key.contains(&0) && relative.components().all(plain);
    (safe && key_of(relative) == key).then(|| root.join(relative))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn every_file_of_a_tree_is_found_with_its_key() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("b/c")).unwrap();
        fs::write(root.path().join("b/c/deep"), "12345").unwrap();
        fs::write(root.path().join("a"), "").unwrap();
        std::os::unix::fs::symlink("/etc", root.path().join("link")).unwrap();
        let mut special = Vec::new();
        let mut files = Vec::new();
        for entry in walk(root.path()) {
            match entry {
                Ok(file) => files.push((String::from_utf8(file.key).unwrap(), file.len)),
                Err(NotAFile::Special { what, .. }) => special.push(what),
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(files, [("a".to_owned(), 0), ("b/c/deep".to_owned(), 5)]);
        assert_eq!(special, [Special::Link]);
    }

    #[test]
    fn a_root_that_is_not_there_is_one_error() {
        let errors: Vec<_> = walk(Path::new("/no/such/root")).collect();
        assert!(matches!(&errors[..], [Err(NotAFile::Unreadable { .. })]));
    }

    #[test]
    fn a_key_leads_back_to_its_path() {
        let root = Path::new("/data");
        assert_eq!(path_of(root, b"a/b.rs"), Some("/data/a/b.rs".into()));
        assert_eq!(
            path_of(root, "größe".as_bytes()),
            Some("/data/größe".into())
        );
        assert_eq!(
            path_of(root, b"a\xff"),
            Some(root.join(OsStr::from_bytes(b"a\xff")))
        );
    }

    #[test]
    fn a_key_never_leads_out_of_its_root() {
        for key in [
            "",
            "/etc/passwd",
            "..",
            "a/../../b",
            "./a",
            "a//b",
            "a/",
            "a\0b",
            "a/./b",
        ] {
            assert_eq!(path_of(Path::new("/data"), key.as_bytes()), None, "{key:?}");
        }
    }
}
