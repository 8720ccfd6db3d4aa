//! Why a command was not done, as a sentence and as an exit code.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use crate::configuration::ConfigurationError;
use crate::output::{self, Format};

/// Why a command was not done.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The key has no value.
    #[error("not found: bucket {bucket:?} has no key {key:?}")]
    NotFound { bucket: String, key: String },
    /// The configuration is refused.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// Standard output is closed or broken.
    #[error("can't print: {0}")]
    Output(#[from] io::Error),
    /// A file or directory can't be used.
    #[error("can't {action} {}: {cause}", .path.display())]
    File {
        action: &'static str,
        path: PathBuf,
        cause: io::Error,
    },
}

/// What went wrong, by exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    NotFound,
    Usage,
    Refused,
    Unreachable,
}

impl Kind {
    fn code(self) -> u8 {
        match self {
            Self::NotFound => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::Unreachable => 4,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Usage => "usage",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
        }
    }
}

impl Failure {
    /// Which exit code it means.
    pub fn kind(&self) -> Kind {
        match self {
            Self::NotFound { .. } => Kind::NotFound,
            Self::Configuration(_) => Kind::Usage,
            Self::Output(_) | Self::File { .. } => Kind::Refused,
        }
    }

    /// Says it on standard error, in the form asked for.
    pub fn report(&self, format: Option<Format>) -> ExitCode {
        // Who closed the pipe has read all they wanted.
        if matches!(self, Self::Output(cause) if cause.kind() == io::ErrorKind::BrokenPipe) {
            return ExitCode::SUCCESS;
        }
        let (kind, message) = (self.kind(), self.to_string());
        match format {
            Some(Format::Json) => {
                let error = json!({ "error": { "kind": kind.name(), "message": message } });
                output::note(&error.to_string());
            }
            _ => output::note(&format!("cartwheel: {message}")),
        }
        ExitCode::from(kind.code())
    }
}
