//! The dumb twin of a record: every write it has heard of, with all dots the write covered.

use std::collections::{BTreeMap, BTreeSet};

use cartwheel::version::{Dot, RequestId, Stamp};

/// One write event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// The dots that its client had seen.
    pub covers: BTreeSet<Dot>,
    /// When it was written.
    pub stamp: Stamp,
    /// The client's name for it.
    pub request: RequestId,
}

/// What a replica has heard of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The writes.
    pub writes: BTreeMap<Dot, Write>,
    /// The dots that deletes covered.
    pub deleted: BTreeSet<Dot>,
}

impl Facts {
    /// Hears all that another has heard.
    pub fn learn(&mut self, other: &Self) {
        self.writes.extend(other.writes.clone());
        self.deleted.extend(&other.deleted);
    }

    /// The dots that some known write or delete covered.
    pub fn covered(&self) -> BTreeSet<Dot> {
        let covers = self.writes.values().flat_map(|write| &write.covers);
        covers.chain(&self.deleted).copied().collect()
    }

    /// The writes that nothing known has covered.
    pub fn live(&self) -> BTreeSet<Dot> {
        let covered = self.covered();
        let writes = self.writes.keys().copied();
        writes.filter(|dot| !covered.contains(dot)).collect()
    }

    /// The write that wins where the last writer wins.
    pub fn winner(&self) -> Option<Dot> {
        let writes = self.writes.iter().map(|(dot, write)| (write.stamp, *dot));
        writes.max().map(|(_, dot)| dot)
    }

    /// Every dot that was written or covered.
    pub fn seen(&self) -> BTreeSet<Dot> {
        let mut seen = self.covered();
        seen.extend(self.writes.keys());
        seen
    }
}
