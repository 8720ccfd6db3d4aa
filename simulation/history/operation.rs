//! When an operation was asked, and when and with what it ended.

use std::time::Duration;

/// When something was asked, and until when the answer had to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Its place among all operations of the run.
    pub number: u64,
    /// The simulated time at which it was asked.
    pub at: Duration,
    /// How long the answer could take.
    pub patience: Duration,
}

/// How something ended, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended<T> {
    /// The simulated time at which it ended.
    pub at: Duration,
    /// What it ended with.
    pub with: T,
}
