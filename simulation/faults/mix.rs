//! What goes wrong by itself in a run, and how often.

use std::collections::BTreeMap;
use std::time::Duration;

use super::FaultKind;
use crate::dice::Dice;

/// How long faults come unless told otherwise.
const UNTIL: Duration = Duration::from_secs(20);

/// The faults that come by themselves: when and which is decided by the seed, how often by their
/// weights.
///
/// ```
/// use cartwheel_simulation::{FaultKind, Mix, secs};
///
/// let mix = Mix::everyday().weight(FaultKind::Wipe, 2).until(secs(60));
/// assert!(mix.destroys());
/// ```
#[derive(Clone, Debug)]
#[must_use = "it does nothing until a simulation is given it"]
pub struct Mix {
    weights: BTreeMap<FaultKind, u64>,
    panics: bool,
    until: Duration,
}

impl Mix {
    /// Nothing goes wrong yet.
    pub fn empty() -> Self {
        Self {
            weights: BTreeMap::new(),
            panics: false,
            until: UNTIL,
        }
    }

    /// Crashes of one node, of a minority and of all, partitions of every shape, held links,
    /// connections that break, nodes that stand still, slow nodes and disks, wrong clocks, clients
    /// that die, and actors that panic.
    pub fn everyday() -> Self {
        let mix = Self::empty().panics(true);
        let mix = mix.weight(FaultKind::CrashOne, 10);
        let mix = mix.weight(FaultKind::CrashAll, 5);
        let mix = mix.weight(FaultKind::CrashMinority, 2);
        let mix = mix.weight(FaultKind::Cut, 15);
        let mix = mix.weight(FaultKind::Hold, 10);
        let mix = mix.weight(FaultKind::Break, 10);
        let mix = mix.weight(FaultKind::KillClient, 12);
        mix.partitions(2).machines(3)
    }

    /// Slow links and every shape of partition, each so often beside the other faults.
    pub fn partitions(self, weight: u64) -> Self {
        let mix = self.weight(FaultKind::CutOneWay, 2 * weight);
        let mix = mix.weight(FaultKind::Isolate, weight);
        let mix = mix.weight(FaultKind::Halves, weight);
        let mix = mix.weight(FaultKind::MajorityRing, weight);
        let mix = mix.weight(FaultKind::SlowLinks, 2 * weight);
        mix.weight(FaultKind::Bridge, weight)
    }

    /// Nodes that stand still or are slow, slow disks and wrong clocks, each so often beside the
    /// other faults.
    pub fn machines(self, weight: u64) -> Self {
        let mix = self.weight(FaultKind::Pause, weight);
        let mix = mix.weight(FaultKind::SlowNode, weight);
        let mix = mix.weight(FaultKind::SlowDisk, weight);
        let mix = mix.weight(FaultKind::ClockJump, weight);
        mix.weight(FaultKind::ClockDrift, weight)
    }

    /// All of that, and disks that fail, lie, are lost and are opened twice, within what the owners
    /// of a key can bear.
    pub fn bad_disks() -> Self {
        let mix = Self::everyday().weight(FaultKind::Wipe, 4);
        // Beside so many others a wrong clock would meet a write too seldom.
        let mix = mix.weight(FaultKind::ClockJump, 6);
        let mix = mix.weight(FaultKind::RollBack, 6);
        let mix = mix.weight(FaultKind::OpenTwice, 8);
        let mix = mix.weight(FaultKind::FailWrite, 4);
        let mix = mix.weight(FaultKind::FailSync, 4);
        let mix = mix.weight(FaultKind::Corrupt, 16);
        let mix = mix.weight(FaultKind::Unreadable, 12);
        mix.weight(FaultKind::Ambush, 10)
    }

    /// How often a kind comes, beside the others; 0 for never.
    pub fn weight(mut self, kind: FaultKind, weight: u64) -> Self {
        self.weights.insert(kind, weight);
        self
    }

    /// Whether actors panic now and then.
    pub fn panics(mut self, panics: bool) -> Self {
        self.panics = panics;
        self
    }

    /// Until when faults begin: 20 s of simulated time unless told otherwise.
    pub fn until(mut self, until: Duration) -> Self {
        self.until = until;
        self
    }

    /// Whether any of them loses acknowledged records.
    pub fn destroys(&self) -> bool {
        let mut weights = self.weights.iter();
        weights.any(|(kind, weight)| *weight > 0 && kind.destroys())
    }

    pub(crate) fn ends(&self) -> Duration {
        self.until
    }

    pub(crate) fn panics_until(&self) -> Duration {
        match self.panics {
            true => self.until,
            false => Duration::ZERO,
        }
    }

    /// One of the kinds; none if there are none.
    pub(crate) fn draw(&self, dice: &mut Dice) -> Option<FaultKind> {
        let all: u64 = self.weights.values().sum();
        let mut left = if all > 0 {
            dice.below(all)
        } else {
            return None;
        };
        let mut weights = self.weights.iter();
        weights.find_map(|(kind, weight)| match left.checked_sub(*weight) {
            Some(rest) => {
                left = rest;
                None
            }
            None => Some(*kind),
        })
    }
}
