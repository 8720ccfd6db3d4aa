//! The numbers of coordinator starts: no two of one process are the same.

use std::sync::atomic::{AtomicU32, Ordering};

use cartwheel::planted_bug::{self, PlantedBug};

/// Counts the starts of a node's coordinators.
#[derive(Debug, Default)]
pub struct StartNumbers(AtomicU32);

impl StartNumbers {
    /// The next number.
    pub fn next(&self) -> u32 {
        match planted_bug::is(PlantedBug::ReuseOperationIds) {
            true => 0,
            false => self.0.fetch_add(1, Ordering::Relaxed),
        }
    }
}
