//! Many items into a bucket or out of it.
//!
//! ```text
//!   import:  tree or lines ─► reader thread ─► few at a time: read, compare, put ─► summary
//!                                                                     └─► journal
//!   export:  pages of keys ─► few at a time: get ─► tree or lines ─► summary
//! ```

mod item;
mod journal;
pub mod json_lines;
mod lines;
mod position;
mod progress;
mod sink;
mod sink_error;
mod source;
mod summary;
pub mod tree;
mod turns;
mod writer;

use std::path::Path;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::failure::UsageError;
use crate::output::{self, Format};

pub use item::{Item, ItemValue};
pub use journal::{ImportId, Journal, JournalError};
pub use position::Position;
pub use progress::Progress;
pub use sink::Sink;
pub use source::{Reading, Source, StartError};
pub use summary::{Named, Outcome, Summary};
pub use turns::{Turn, Turns};
pub use writer::Writer;

/// Says what a transfer came to. What it was does not hang on who reads of it: that a summary
/// can't be printed is noted, and is no failure.
pub fn tell(summary: &Summary, verb: &str, format: Option<Format>) {
    if let Err(failure) = output::show(format, summary, |summary| summary.as_text(verb)) {
        output::note(&format!("cartwheel: {failure}"));
    }
}

/// The name of standard input and output.
pub const STANDARD_STREAM: &str = "-";

/// How many items are under way at once, unless told otherwise: enough to keep three nodes
/// busy, and with values of the default limit no more than 32 MiB.
pub const CONCURRENCY: u16 = 32;

/// The most items under way at once.
pub const CONCURRENCY_MAX: i64 = 1024;

/// How many failures end a transfer, unless told otherwise: more is not bad luck.
pub const FAILURES_MAX: u64 = 100;

/// What items look like outside of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// A directory tree: a file is a value, its path is the key
    Tree,
    /// JSON lines: a line is a value with its key
    Jsonl,
}

impl Shape {
    /// What a path looks like by its name: where there is nothing yet to look at.
    pub fn by_name(path: &Path) -> Self {
        let extension = path.extension().and_then(|extension| extension.to_str());
        match extension {
            Some("jsonl" | "ndjson") => Self::Jsonl,
            _ if path.as_os_str() == STANDARD_STREAM => Self::Jsonl,
            _ => Self::Tree,
        }
    }

    /// A standard stream holds lines alone.
    pub fn check(self, path: &Path) -> Result<(), UsageError> {
        match self == Self::Tree && path.as_os_str() == STANDARD_STREAM {
            true => Err(UsageError::TreeOfStream),
            false => Ok(()),
        }
    }

    /// What a path is.
    pub fn of_existing(path: &Path) -> Self {
        match path.is_dir() {
            true => Self::Tree,
            false => Self::Jsonl,
        }
    }
}
