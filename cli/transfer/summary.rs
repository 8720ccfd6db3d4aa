//! What a transfer did, counted.

use std::time::Duration;

use serde::Serialize;

use crate::failure::Failure;

/// The most names of skipped and failed items that a summary carries; more are only counted,
/// since there may be millions.
const NAMED_MAX: usize = 1000;

/// What became of the items of a transfer.
#[derive(Debug, Default, Serialize)]
pub struct Summary {
    /// Items written.
    pub transferred: u64,
    /// Items that were there already, the same.
    pub unchanged: u64,
    /// Items that were deleted since they were listed.
    pub gone: u64,
    /// Bytes of the values written.
    pub bytes: u64,
    /// Items left out on purpose.
    pub skipped: u64,
    /// Items that could not be written.
    pub failed: u64,
    /// Whether so many had failed that the rest was not looked at.
    pub stopped: bool,
    pub seconds: f64,
    /// The first of those left out or failed, each with its reason.
    pub named: Vec<Named>,
}

/// An item that was not written.
#[derive(Debug, Serialize)]
pub struct Named {
    pub name: String,
    pub reason: String,
}

/// What became of one item.
#[derive(Debug)]
pub enum Outcome {
    Transferred { bytes: u64 },
    Unchanged,
    Gone,
    Skipped(Named),
    Failed(Named),
}

impl Summary {
    /// Counts an item.
    pub fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Transferred { bytes } => {
                self.transferred += 1;
                self.bytes += bytes;
            }
            Outcome::Unchanged => self.unchanged += 1,
            Outcome::Gone => self.gone += 1,
            Outcome::Skipped(named) => {
                self.skipped += 1;
                self.name(named);
            }
            Outcome::Failed(named) => {
                self.failed += 1;
                self.name(named);
            }
        }
    }

    fn name(&mut self, named: Named) {
        if self.named.len() < NAMED_MAX {
            self.named.push(named);
        }
    }

    /// The end of the transfer.
    pub fn took(mut self, elapsed: Duration) -> Self {
        self.seconds = (elapsed.as_secs_f64() * 1000.0).round() / 1000.0;
        self
    }

    /// Whether everything was done that was to be done.
    pub fn into_result(self) -> Result<(), Failure> {
        let items = self.transferred + self.unchanged + self.skipped + self.failed;
        match (self.failed, self.stopped) {
            (0, _) => Ok(()),
            (failed, true) => Err(Failure::TransferStopped { failed }),
            (failed, false) => Err(Failure::Transfer { failed, items }),
        }
    }

    /// One line for people: `verb` is what was done to the items, as in "imported".
    pub fn as_text(&self, verb: &str) -> String {
        let gone = match self.gone {
            0 => String::new(),
            gone => format!(", gone since they were listed {gone}"),
        };
        format!(
            "{verb} {}, unchanged {}, skipped {}, failed {}{gone}: {} in {:.1} s",
            self.transferred,
            self.unchanged,
            self.skipped,
            self.failed,
            indicatif::BinaryBytes(self.bytes),
            self.seconds,
        )
    }
}

impl Named {
    pub fn new(name: impl ToString, reason: impl ToString) -> Self {
        let (name, reason) = (name.to_string(), reason.to_string());
        Self { name, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_counted_once() {
        let mut summary = Summary::default();
        summary.count(Outcome::Transferred { bytes: 2048 });
        summary.count(Outcome::Transferred { bytes: 0 });
        summary.count(Outcome::Unchanged);
        summary.count(Outcome::Gone);
        summary.count(Outcome::Skipped(Named::new("big", "too large")));
        summary.count(Outcome::Failed(Named::new("odd", "timed out")));
        let summary = summary.took(Duration::from_millis(1500));
        assert_eq!(
            summary.as_text("imported"),
            "imported 2, unchanged 1, skipped 1, failed 1, gone since they were listed 1: 2.00 KiB in 1.5 s"
        );
        assert_eq!(summary.named.len(), 2);
    }

    #[test]
    fn a_million_failures_are_counted_but_not_kept() {
        let mut summary = Summary::default();
        for _ in 0..2 * NAMED_MAX {
            summary.count(Outcome::Failed(Named::new("x", "y")));
        }
        assert_eq!(
            (summary.failed, summary.named.len()),
            (2 * NAMED_MAX as u64, NAMED_MAX)
        );
    }
}
