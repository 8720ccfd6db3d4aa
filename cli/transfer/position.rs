//! How far a source was read, in a form that finds the place again.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::output;
use crate::tokens::{base64, from_base64};

/// All of a source up to here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Written", try_from = "Written")]
pub enum Position {
    /// So many lines, and the digest of them: another file has other lines.
    Lines { count: u64, digest: u128 },
    /// The file with this path below the root, and all before it.
    Path(PathBuf),
}

/// A position as it stands in a file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Written {
    Lines { count: u64, digest: String },
    Path(String),
    PathBase64(String),
}

/// A text that is no position.
#[derive(Debug, thiserror::Error)]
enum NoPosition {
    #[error("the digest of lines is not hexadecimal: {0}")]
    Digest(#[from] std::num::ParseIntError),
    #[error("the path is not base64: {0}")]
    Path(#[from] ::base64::DecodeError),
}

impl From<Position> for Written {
    fn from(position: Position) -> Self {
        match position {
            Position::Lines { count, digest } => {
                let digest = format!("{digest:032x}");
                Self::Lines { count, digest }
            }
            Position::Path(path) => match path.to_str() {
                Some(text) => Self::Path(text.to_owned()),
                None => Self::PathBase64(base64(path.as_os_str().as_bytes())),
            },
        }
    }
}

impl TryFrom<Written> for Position {
    type Error = NoPosition;

    fn try_from(written: Written) -> Result<Self, NoPosition> {
        Ok(match written {
            Written::Lines { count, digest } => {
                let digest = u128::from_str_radix(&digest, 16)?;
                Self::Lines { count, digest }
            }
            Written::Path(text) => Self::Path(text.into()),
            Written::PathBase64(text) => Self::Path(OsStr::from_bytes(&from_base64(&text)?).into()),
        })
    }
}

impl fmt::Display for Position {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lines { count, .. } => write!(out, "line {count}"),
            Self::Path(path) => {
                let path = output::readable(path.as_os_str().as_bytes());
                let note = "files before it, new ones among them, are not looked at";
                write!(out, "{path}: {note}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_it_was_written() {
        let positions = [
            Position::Lines {
                count: 7,
                digest: u128::MAX - 1,
            },
            Position::Path("a/größe".into()),
            Position::Path(OsStr::from_bytes(b"a/\xff").into()),
        ];
        for position in positions {
            let text = serde_json::to_string(&position).unwrap();
            let read: Position = serde_json::from_str(&text).unwrap();
            assert_eq!(read, position, "{text}");
        }
        let readable = serde_json::to_string(&Position::Path("a/b".into())).unwrap();
        assert_eq!(readable, r#"{"path":"a/b"}"#);
        assert!(serde_json::from_str::<Position>(r#"{"path_base64":"*"}"#).is_err());
    }
}
