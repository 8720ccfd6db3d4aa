//! What happened in a run, a line each, with the simulated time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The lines of a run, shared by all that take part.
#[derive(Clone, Default)]
pub struct Trace {
    lines: Arc<Mutex<Vec<String>>>,
    failures: Arc<Mutex<Vec<String>>>,
}

impl Trace {
    /// Notes what happened at that simulated time.
    pub fn note(&self, at: Duration, what: &str) {
        push(&self.lines, format!("{:>12} {what}", at.as_micros()));
    }

    /// Notes what must not happen in any run; when it did is among all else.
    pub fn fail(&self, what: String) {
        if turmoil::sim_elapsed().is_some() {
            self.note(now(), &format!("FAILED: {what}"));
        }
        push(&self.failures, what);
    }

    /// The lines so far.
    pub fn lines(&self) -> Vec<String> {
        all(&self.lines)
    }

    /// What must not have happened.
    pub fn failures(&self) -> Vec<String> {
        all(&self.failures)
    }
}

/// The simulated time, for those who live in it.
pub fn now() -> Duration {
    turmoil::sim_elapsed().unwrap_or_default()
}

fn push(lines: &Mutex<Vec<String>>, line: String) {
    let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
    lines.push(line);
}

fn all(lines: &Mutex<Vec<String>>) -> Vec<String> {
    let lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
    lines.clone()
}
