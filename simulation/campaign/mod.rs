//! Our own campaigns: many seeds of each kind of run, on as many threads as one likes.
//!
//! A run lives on one thread from its beginning to its end, and panics are counted by thread, so
//! runs don't meet. Only what is planted is planted for the whole process.

mod kind;
mod policies;
mod totals;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

pub use kind::{BAD_DISKS, FIVE_BAD_DISKS, FIVE_NODES, Kind, THREE_NODES};
pub use totals::Totals;

use crate::report::Report;

/// How many seeds it takes until what must happen sometimes must have happened.
pub const SEEDS_FOR_SOMETIMES: u64 = 6;

/// Runs each of those, on so many threads, and hands over each report as it comes: the order
/// differs from time to time, the reports do not.
pub fn run_all(runs: &[(Kind, u64)], threads: usize, done: impl Fn(Kind, Report) + Sync) {
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some((kind, seed)) = runs.get(next.fetch_add(1, Ordering::Relaxed)) {
            done(*kind, kind.simulation(*seed).run());
        }
    };
    thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(work);
        }
    });
}

/// What so many first seeds of each kind show, in the order of the kinds.
pub fn campaign(
    kinds: &[Kind],
    seeds: u64,
    threads: usize,
    progress: impl Fn() + Sync,
) -> Vec<(Kind, Totals)> {
    let runs: Vec<_> = (1..=seeds)
        .flat_map(|seed| kinds.iter().map(move |kind| (*kind, seed)))
        .collect();
    let totals = Mutex::new(
        kinds
            .iter()
            .map(|kind| (*kind, Totals::default()))
            .collect::<Vec<_>>(),
    );
    run_all(&runs, threads, |kind, report| {
        let mut totals = totals.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, totals)) = totals.iter_mut().find(|(own, _)| *own == kind) {
            totals.add(report);
        }
        progress();
    });
    totals.into_inner().unwrap_or_else(PoisonError::into_inner)
}
