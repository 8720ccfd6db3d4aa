//! What a run has shown.

use std::time::Duration;

use crate::artifacts;
use crate::checker::{Violation, check};
use crate::history::History;

/// What a run has shown.
#[derive(Debug)]
#[must_use = "whether it is clean is what it was run for"]
pub struct Report {
    /// What the run is called.
    pub name: String,
    /// The seed, which gives this very run again.
    pub seed: u64,
    /// What happened, a line each, free of the machine's time.
    pub trace: Vec<String>,
    /// What the clients know.
    pub history: History,
    /// What the history must not show.
    pub violations: Vec<Violation>,
    /// What must not happen in any run, beside what the history shows: restarts without a
    /// panic, panics that nobody asked for, nodes that gave up, owners that differ, clients that
    /// ended with an error.
    pub failures: Vec<String>,
    /// How long it was, in simulated time.
    pub length: Duration,
    /// The extensions of a run that was not told that extensions write: what they do write looks
    /// like nobody's.
    pub(crate) readers: Vec<String>,
}

impl Report {
    pub(crate) fn new(name: String, seed: u64, history: History) -> Self {
        Self {
            name,
            seed,
            trace: Vec::new(),
            violations: check(&history),
            history,
            failures: Vec::new(),
            length: Duration::ZERO,
            readers: Vec::new(),
        }
    }

    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.failures.is_empty() && self.violations.is_empty()
    }

    /// What is wrong, a line each: the failures, then the first violations.
    pub fn complaints(&self) -> Vec<String> {
        let failures = self.failures.iter().cloned();
        let violations = self
            .violations
            .iter()
            .map(|violation| format!("{violation:?}"));
        failures.chain(violations).collect()
    }

    /// Writes history and trace to files, and tells what is wrong and where they are.
    pub fn explain(&self) -> String {
        let mut complaints = self.complaints();
        let more = complaints.len().saturating_sub(COMPLAINTS_MAX);
        complaints.truncate(COMPLAINTS_MAX);
        if more > 0 {
            complaints.push(format!("and {more} more"));
        }
        if !self.violations.is_empty() && !self.readers.is_empty() {
            complaints.push(format!(
                "if one of {:?} writes into `default`, say so with `Simulation::extensions_write_after`",
                self.readers
            ));
        }
        let files = match artifacts::write(self) {
            Ok(files) => format!("its history and its trace are in {files}"),
            Err(error) => format!("its history could not be written: {error}"),
        };
        let (name, seed) = (&self.name, self.seed);
        format!("{name}, seed {seed}: {}\n{files}", complaints.join("\n  "))
    }

    /// Panics with all that is wrong and the seed, if anything is.
    #[track_caller]
    pub fn assert_clean(&self) -> &Self {
        assert!(self.is_clean(), "{}", self.explain());
        self
    }
}

/// How much of what is wrong is told.
const COMPLAINTS_MAX: usize = 20;
