//! Counting answers over the owner sets of a key.
//!
//! Acknowledgements count places: an owner and the fallback that stands in for it are one
//! (rule 6). While the layout changes a request needs its quorum in the old and in the new
//! set; a node that is in both answers for both.

use std::sync::Arc;

use crate::limits::N_MAX;
use crate::node::NodeId;

/// The owners of a key in order of preference.
pub type Owners = Arc<[NodeId]>;

/// The one answer that a quorum gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Not enough answers yet, and enough may still come.
    Pending,
    /// Enough answers in every set.
    Met,
    /// Some set can no longer get enough.
    Unreachable,
}

/// The numbers behind an answer, for the errors that tell of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// How many places must acknowledge.
    pub required: u8,
    /// How many have.
    pub acknowledged: u8,
    /// How many can't any more.
    pub failed: u8,
}

/// The answers of one request, by place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracker {
    set: OwnerSet,
    joint: Option<OwnerSet>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct OwnerSet {
    owners: Owners,
    n: u8,
    required: u8,
    acknowledged: u16,
    failed: u16,
}

impl Tracker {
    /// Tracks the first `n` of the owners, of which `required` must acknowledge.
    pub fn new(owners: &Owners, n: u8, required: u8) -> Self {
        Self {
            set: OwnerSet::new(owners, n, required),
            joint: None,
        }
    }

    /// Adds the owners of the other layout of an open change; they need their own quorum.
    pub fn joined_by(mut self, owners: &Owners, n: u8, required: u8) -> Self {
        self.joint = Some(OwnerSet::new(owners, n, required));
        self
    }

    /// Counts the place of an owner as acknowledged, whoever answered in it. A place that
    /// had failed counts again: its fallback may answer late.
    pub fn acknowledge(&mut self, place: NodeId) {
        self.sets_mut().for_each(|set| set.acknowledge(place));
    }

    /// Counts the place of an owner as failed, unless it has acknowledged.
    pub fn fail(&mut self, place: NodeId) {
        self.sets_mut().for_each(|set| set.fail(place));
    }

    /// Pending, met or unreachable.
    pub fn progress(&self) -> Progress {
        let mut met = true;
        for set in self.sets() {
            match set.progress() {
                Progress::Unreachable => return Progress::Unreachable,
                Progress::Pending => met = false,
                Progress::Met => {}
            }
        }
        if met {
            Progress::Met
        } else {
            Progress::Pending
        }
    }

    /// The numbers of the set that is farthest from its quorum.
    pub fn tally(&self) -> Tally {
        let tallies = self.sets().map(OwnerSet::tally);
        let missing = |tally: &Tally| tally.required.saturating_sub(tally.acknowledged);
        tallies.max_by_key(missing).unwrap_or(Tally {
            required: 0,
            acknowledged: 0,
            failed: 0,
        })
    }

    fn sets(&self) -> impl Iterator<Item = &OwnerSet> {
        std::iter::once(&self.set).chain(&self.joint)
    }

    fn sets_mut(&mut self) -> impl Iterator<Item = &mut OwnerSet> {
        std::iter::once(&mut self.set).chain(&mut self.joint)
    }
}

impl OwnerSet {
    fn new(owners: &Owners, n: u8, required: u8) -> Self {
        let known = u8::try_from(owners.len()).unwrap_or(N_MAX);
        Self {
            owners: Arc::clone(owners),
            n: n.min(known).min(N_MAX),
            required,
            acknowledged: 0,
            failed: 0,
        }
    }

    fn bit(&self, place: NodeId) -> u16 {
        let owners = &self.owners[..usize::from(self.n)];
        let at = owners.iter().position(|owner| *owner == place);
        at.map_or(0, |at| 1 << at)
    }

    fn acknowledge(&mut self, place: NodeId) {
        let bit = self.bit(place);
        self.acknowledged |= bit;
        self.failed &= !bit;
    }

    fn fail(&mut self, place: NodeId) {
        self.failed |= self.bit(place) & !self.acknowledged;
    }

    fn tally(&self) -> Tally {
        Tally {
            required: self.required,
            acknowledged: count(self.acknowledged),
            failed: count(self.failed),
        }
    }

    fn progress(&self) -> Progress {
        let tally = self.tally();
        if tally.acknowledged >= tally.required {
            return Progress::Met;
        }
        match self.n - tally.failed >= tally.required {
            true => Progress::Pending,
            false => Progress::Unreachable,
        }
    }
}

fn count(places: u16) -> u8 {
    u8::try_from(places.count_ones()).unwrap_or(N_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owners(ids: &[u64]) -> Owners {
        ids.iter().map(|&id| NodeId(id)).collect()
    }

    #[test]
    fn two_of_three_are_enough() {
        let mut tracker = Tracker::new(&owners(&[1, 2, 3]), 3, 2);
        tracker.acknowledge(NodeId(1));
        assert_eq!(tracker.progress(), Progress::Pending);
        tracker.fail(NodeId(2));
        assert_eq!(tracker.progress(), Progress::Pending);
        tracker.acknowledge(NodeId(3));
        assert_eq!(tracker.progress(), Progress::Met);
    }

    #[test]
    fn one_place_counts_once_and_strangers_not_at_all() {
        let mut tracker = Tracker::new(&owners(&[1, 2, 3]), 3, 2);
        for node in [1, 1, 9] {
            tracker.acknowledge(NodeId(node));
        }
        assert_eq!(tracker.tally().acknowledged, 1);
        assert_eq!(tracker.progress(), Progress::Pending);
    }

    #[test]
    fn a_change_of_owners_needs_both_quorums() {
        let tracker = Tracker::new(&owners(&[1, 2, 3]), 3, 2);
        let mut tracker = tracker.joined_by(&owners(&[3, 4, 5]), 3, 2);
        tracker.acknowledge(NodeId(1));
        tracker.acknowledge(NodeId(3));
        assert_eq!(tracker.progress(), Progress::Pending);
        tracker.acknowledge(NodeId(5));
        assert_eq!(tracker.progress(), Progress::Met);
    }

    #[test]
    fn too_many_failures_are_unreachable_until_a_fallback_answers() {
        let mut tracker = Tracker::new(&owners(&[1, 2, 3]), 3, 2);
        tracker.fail(NodeId(1));
        tracker.fail(NodeId(2));
        assert_eq!(tracker.progress(), Progress::Unreachable);
        tracker.acknowledge(NodeId(2));
        assert_eq!(tracker.progress(), Progress::Pending);
    }
}
