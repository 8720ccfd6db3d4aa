//! How far a transfer is: a bar on a terminal, notes of what went wrong everywhere.

use std::io::{self, IsTerminal};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};

use super::{Outcome, Summary};
use crate::output;

/// The count of a transfer, and its bar.
pub struct Progress {
    bar: ProgressBar,
    summary: Summary,
    failures_max: u64,
    began: Instant,
}

impl Progress {
    /// A transfer that begins now, and stops after so many failures. How many items there are is asked only where a bar is seen.
    pub fn start(failures_max: u64, count: impl FnOnce() -> Option<u64>) -> Self {
        let seen = io::stderr().is_terminal();
        let bar = match seen.then(count).flatten() {
            _ if !seen => ProgressBar::hidden(),
            Some(items) => styled(
                ProgressBar::new(items),
                "{bar:30} {pos}/{len} {per_sec}, {eta} left",
            ),
            None => styled(
                ProgressBar::new_spinner(),
                "{spinner} {pos} done, {per_sec}",
            ),
        };
        Self {
            bar,
            summary: Summary::default(),
            failures_max,
            began: Instant::now(),
        }
    }

    /// Counts an item, and notes it if it was not transferred. Whether to go on.
    #[must_use]
    pub fn count(&mut self, outcome: Outcome) -> bool {
        self.bar.inc(1);
        let noted = match &outcome {
            Outcome::Skipped(named) => Some(("skipped", named)),
            Outcome::Failed(named) => Some(("failed", named)),
            _ => None,
        };
        if let Some((what, named)) = noted {
            let note = format!("{what} {}: {}", named.name, named.reason);
            self.bar.suspend(|| output::note(&note));
        }
        self.summary.count(outcome);
        self.summary.stopped = self.summary.failed >= self.failures_max;
        !self.summary.stopped
    }

    /// The end.
    pub fn finish(self) -> Summary {
        self.bar.finish_and_clear();
        self.summary.took(self.began.elapsed())
    }
}

fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        // A bar in another style is better than none.
        Err(_) => bar,
    }
}
