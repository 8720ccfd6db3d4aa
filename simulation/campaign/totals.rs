//! What the runs of a campaign have shown together.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Kind;
use crate::history::{History, Outcome};
use crate::report::Report;

/// What the runs of one kind have shown together.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// How many runs there were.
    pub runs: u64,
    /// How long they were together, in simulated time.
    pub simulated: Duration,
    /// How often each fault, or its end, came.
    pub faults: BTreeMap<&'static str, u64>,
    /// How many operations ended in each way.
    pub operations: BTreeMap<&'static str, u64>,
    /// How often what must happen sometimes has happened.
    pub happened: BTreeMap<&'static str, u64>,
    /// By seed, what is wrong with the runs that are not clean.
    pub red: BTreeMap<u64, String>,
}

impl Totals {
    /// Adds a run.
    pub fn add(&mut self, report: Report) {
        self.runs += 1;
        self.simulated += report.length;
        if !report.is_clean() {
            self.red.insert(report.seed, report.explain());
        }
        self.count_operations(&report.history);
        sum(&mut self.faults, report.history.faults);
        sum(&mut self.happened, report.history.happened);
    }

    /// Adds those of other runs.
    pub fn merge(&mut self, other: Self) {
        self.runs += other.runs;
        self.simulated += other.simulated;
        self.red.extend(other.red);
        sum(&mut self.faults, other.faults);
        sum(&mut self.operations, other.operations);
        sum(&mut self.happened, other.happened);
    }

    /// What must happen sometimes in runs of a kind, and never did.
    pub fn never_happened(&self, kind: Kind) -> Vec<&'static str> {
        let sometimes = kind.sometimes().into_iter();
        let never = sometimes.filter(|what| !self.happened.contains_key(what));
        never.collect()
    }

    fn count_operations(&mut self, history: &History) {
        let writes = history.writes.iter().map(|write| match write.outcome() {
            Outcome::Acknowledged => "writes acknowledged",
            Outcome::Unknown => "writes of unknown outcome",
            Outcome::Refused => "writes refused",
        });
        let reads = history.reads.iter().map(|read| {
            let found = read.ended.as_ref().and_then(|ended| ended.with.as_ref());
            match found {
                Some(_) => "reads answered",
                None => "reads failed",
            }
        });
        let pages = history.pages.iter().map(|page| match page.shown() {
            Some(_) => "pages of listings answered",
            None => "pages of listings failed",
        });
        for ended in writes.chain(reads).chain(pages) {
            *self.operations.entry(ended).or_default() += 1;
        }
    }
}

fn sum(all: &mut BTreeMap<&'static str, u64>, more: BTreeMap<&'static str, u64>) {
    for (what, count) in more {
        *all.entry(what).or_default() += count;
    }
}
