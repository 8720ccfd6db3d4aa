//! The numbers of coordinator starts: no two of one process are the same.

use std::sync::atomic::{AtomicU32, Ordering};

/// Counts the starts of a node's coordinators.
#[derive(Debug, Default)]
pub struct StartNumbers(AtomicU32);

impl StartNumbers {
    /// The next number.
    pub fn next(&self) -> u32 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}
