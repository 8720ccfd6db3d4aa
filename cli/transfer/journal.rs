//! What an import has done, kept in a file, so that one that was broken off goes on from there.
//!
//! ```text
//!   outcomes, in the order of the source:  done done skipped done FAILED done done
//!                                                            ▲
//!                                          the journal ends here: what failed is tried again
//! ```
//!
//! It promises that everything up to its position was acknowledged or skipped, and nothing of
//! what comes behind: that is looked at again, and written where it differs.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::{Outcome, Position, Shape};
use crate::failure::Failure;
use crate::files;

/// Between two writes of the file: what a broken-off import did since is looked at again.
const PERIOD: Duration = Duration::from_secs(1);

/// Which import it is: another one's journal would leave out what was never imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportId {
    pub cluster: String,
    pub bucket: String,
    pub source: String,
    pub format: Shape,
    pub prefix: String,
}

/// A file that can't be this import's journal.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("{} is no journal of an import: {cause}", .path.display())]
    NoJournal {
        path: PathBuf,
        cause: serde_json::Error,
    },
    #[error("{} is the journal of another import: its {what} is {found:?}, not {wanted:?}", .path.display())]
    OtherImport {
        path: PathBuf,
        what: &'static str,
        found: String,
        wanted: String,
    },
    #[error("{} is the journal of other lines: the first {lines} of this source are not those that were imported", .path.display())]
    OtherLines { path: PathBuf, lines: u64 },
}

/// The journal of an import that runs.
pub struct Journal {
    path: PathBuf,
    content: Content,
    written: Option<Instant>,
    /// Something has failed, so that the position stays before it.
    held: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    import: ImportId,
    done: Option<Position>,
}

impl JournalError {
    /// What can be done about it.
    pub fn advice(&self) -> &'static str {
        "Give --resume a file of its own for each import, or remove this one to begin anew."
    }
}

impl Journal {
    /// The journal in this file, which may be empty or need not be there yet.
    pub fn open(path: &Path, import: ImportId) -> Result<Self, Failure> {
        let content = match std::fs::read(path) {
            Ok(text) if text.is_empty() => Content { import, done: None },
            Ok(text) => Content::parse(path, &text, &import)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Content { import, done: None },
            Err(cause) => return Err(unusable(path, cause)),
        };
        Ok(Self {
            path: path.to_owned(),
            content,
            written: None,
            held: false,
        })
    }

    /// Up to where everything is done.
    pub fn position(&self) -> Option<&Position> {
        self.content.done.as_ref()
    }

    /// Takes note of the next outcome, in the order of the source.
    pub fn note(&mut self, outcome: &Outcome, position: Option<Position>) -> Result<(), Failure> {
        self.held |= matches!(outcome, Outcome::Failed(_));
        if let (false, Some(position)) = (self.held, position) {
            self.content.done = Some(position);
        }
        match self.written {
            Some(written) if written.elapsed() < PERIOD => Ok(()),
            _ => self.write(),
        }
    }

    /// Puts it into its file, whole or not at all.
    pub fn write(&mut self) -> Result<(), Failure> {
        let text = serde_json::to_string(&self.content).map_err(io::Error::from);
        let written = text.and_then(|text| self.put(&(text + "\n")));
        written.map_err(|cause| unusable(&self.path, cause))?;
        self.written = Some(Instant::now());
        Ok(())
    }

    /// A device, as /dev/null, is written to: a file in its place would harm others.
    fn put(&self, text: &str) -> io::Result<()> {
        let found = std::fs::metadata(&self.path);
        match found.is_ok_and(|found| !found.is_file()) {
            true => std::fs::write(&self.path, text),
            false => files::replace(&self.path, text),
        }
    }
}

impl Content {
    fn parse(path: &Path, text: &[u8], import: &ImportId) -> Result<Self, JournalError> {
        let content: Self = serde_json::from_slice(text).map_err(|cause| {
            let path = path.to_owned();
            JournalError::NoJournal { path, cause }
        })?;
        match content.import.difference(import) {
            None => Ok(content),
            Some((what, found, wanted)) => Err(JournalError::OtherImport {
                path: path.to_owned(),
                what,
                found,
                wanted,
            }),
        }
    }
}

impl ImportId {
    /// The first thing in which it differs: what, here, there.
    fn difference(&self, other: &Self) -> Option<(&'static str, String, String)> {
        let (own, others) = (self.parts(), other.parts());
        let mut pairs = own.into_iter().zip(others);
        let ((what, found), (_, wanted)) = pairs.find(|(own, other)| own != other)?;
        Some((what, found, wanted))
    }

    fn parts(&self) -> [(&'static str, String); 5] {
        let format = format!("{:?}", self.format).to_lowercase();
        [
            ("source", self.source.clone()),
            ("bucket", self.bucket.clone()),
            ("prefix", self.prefix.clone()),
            ("format", format),
            ("cluster", self.cluster.clone()),
        ]
    }
}

fn unusable(path: &Path, cause: io::Error) -> Failure {
    Failure::File {
        action: "keep the journal in",
        path: path.to_owned(),
        cause,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Named;
    use super::*;

    fn import() -> ImportId {
        ImportId {
            cluster: "07".to_owned(),
            bucket: "default".to_owned(),
            source: "/tree".to_owned(),
            format: Shape::Tree,
            prefix: String::new(),
        }
    }

    fn position(path: &str) -> Option<Position> {
        Some(Position::Path(path.into()))
    }

    #[test]
    fn a_journal_ends_before_the_first_failure_and_is_found_again() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("journal");
        let mut journal = Journal::open(&path, import()).unwrap();
        assert_eq!(journal.position(), None);
        let done = Outcome::Transferred { bytes: 1 };
        let failed = Outcome::Failed(Named::new("c", "timed out"));
        for (outcome, path) in [
            (&done, "a"),
            (&Outcome::Unchanged, "b"),
            (&failed, "c"),
            (&done, "d"),
        ] {
            journal.note(outcome, position(path)).unwrap();
        }
        journal.write().unwrap();
        let again = Journal::open(&path, import()).unwrap();
        assert_eq!(again.position(), position("b").as_ref());
        let left: Vec<_> = std::fs::read_dir(place.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "nothing beside it");
    }

    #[test]
    fn an_empty_file_means_to_begin_and_a_device_stays_one() {
        let place = tempfile::NamedTempFile::new().unwrap();
        let mut journal = Journal::open(place.path(), import()).unwrap();
        assert_eq!(journal.position(), None);
        journal.write().unwrap();
        assert!(Journal::open(place.path(), import()).is_ok());
        // By a link, so that it would be the one that is replaced.
        let place = tempfile::tempdir().unwrap();
        let null = place.path().join("null");
        std::os::unix::fs::symlink("/dev/null", &null).unwrap();
        Journal::open(&null, import()).unwrap().write().unwrap();
        assert!(std::fs::symlink_metadata(&null).unwrap().is_symlink());
    }

    #[test]
    fn the_journal_of_another_import_is_refused_and_kept() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("journal");
        Journal::open(&path, import()).unwrap().write().unwrap();
        let before = std::fs::read(&path).unwrap();
        let text = || "x".to_owned();
        let own = import;
        for (other, what) in [
            (
                ImportId {
                    bucket: text(),
                    ..own()
                },
                "its bucket is \"default\", not \"x\"",
            ),
            (
                ImportId {
                    source: text(),
                    ..own()
                },
                "its source is \"/tree\", not \"x\"",
            ),
            (
                ImportId {
                    prefix: text(),
                    ..own()
                },
                "its prefix is \"\", not \"x\"",
            ),
            (
                ImportId {
                    cluster: text(),
                    ..own()
                },
                "its cluster is \"07\", not \"x\"",
            ),
            (
                ImportId {
                    format: Shape::Jsonl,
                    ..own()
                },
                "its format is \"tree\", not \"jsonl\"",
            ),
        ] {
            let refusal = Journal::open(&path, other).err().unwrap().to_string();
            assert!(refusal.ends_with(what), "{refusal}");
        }
        assert_eq!(std::fs::read(&path).unwrap(), before);
        std::fs::write(&path, "{\"key\":\"a\",\"value\":\"b\"}").unwrap();
        let refusal = Journal::open(&path, import()).err().unwrap().to_string();
        assert!(refusal.contains("is no journal of an import"), "{refusal}");
    }
}
