//! Which owners of which keys have lost what they had acknowledged.
//!
//! Faults that destroy hit at most W − 1 = 1 owner of a key between two heals. A key is healed
//! when all its owners have the same record, safely on their disks.
//!
//! An owner whose record is corrupt knows it, and is out of the quorum until it is repaired, so
//! clients must not notice. One that was wiped does not know what it lacks: of that time alone the
//! history is told.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use crate::cluster::Placement;
use crate::disk::Disk;
use crate::history::{BucketKey, Damage, SharedHistory};

/// The account of what is damaged.
pub struct Ledger {
    placement: Placement,
    history: SharedHistory,
    /// By key: the owner that is damaged, and where the history says so, if it does.
    open: BTreeMap<BucketKey, (u64, Option<usize>)>,
}

impl Ledger {
    /// Nothing is damaged yet.
    pub fn new(placement: Placement, history: SharedHistory) -> Self {
        Self {
            placement,
            history,
            open: BTreeMap::new(),
        }
    }

    /// Where the keys are kept.
    pub fn placement(&self) -> &Placement {
        &self.placement
    }

    /// Learns of the buckets that were created since.
    pub fn learn(&mut self) {
        self.placement.learn(&self.history.borrow().buckets);
    }

    /// Whether a node's record of a key may be destroyed.
    pub fn allows(&self, node: u64, key: &BucketKey) -> bool {
        let damaged = self.open.get(key);
        // The owners that would repair it may have forgotten what it had, which is allowed to
        // them: nothing would be left to be expected.
        let repaired = self.history.borrow().is_synced(key);
        repaired
            && self.placement.owners(key).contains(&node)
            && damaged.is_none_or(|(damaged, _)| *damaged == node)
    }

    /// Whether all records of a node may be destroyed.
    pub fn allows_all(&self, node: u64) -> bool {
        let damaged = self.open.iter();
        damaged
            .filter(|(key, _)| self.placement.owners(key).contains(&node))
            .all(|(_, (damaged, _))| *damaged == node)
    }

    /// A node's record of a key is corrupt or can't be read from now on.
    pub fn damage(&mut self, node: u64, key: &BucketKey) {
        self.open.entry(key.clone()).or_insert((node, None));
    }

    /// All records of a node are gone or older from now on, and it does not know that there were
    /// others.
    pub fn forget(&mut self, node: u64, from: Duration) {
        let keys = self.history.borrow().keys.clone();
        for key in keys {
            if self.placement.owners(&key).contains(&node) {
                self.damage(node, &key);
                self.tell(key, from);
            }
        }
    }

    fn tell(&mut self, key: BucketKey, from: Duration) {
        let mut history = self.history.borrow_mut();
        if let Some((_, told @ None)) = self.open.get_mut(&key) {
            *told = Some(history.damages.len());
            let until = None;
            history.damages.push(Damage { key, from, until });
        }
    }

    /// Closes the account of what is healed.
    pub fn heal(&mut self, disks: &[Rc<Disk>], at: Duration) {
        let Self {
            placement,
            history,
            open,
        } = self;
        open.retain(|key, (_, damage)| {
            let healed = is_healed(placement, disks, key);
            if let (true, Some(damage)) = (healed, *damage) {
                history.borrow_mut().damages[damage].until = Some(at);
            }
            !healed
        });
    }
}

fn is_healed(placement: &Placement, disks: &[Rc<Disk>], key: &BucketKey) -> bool {
    let stored = placement.stored(key);
    let owners = placement.owners(key).into_iter();
    let mut records = owners.map(|owner| disk(disks, owner).settled(&stored));
    let first = records.next().flatten();
    first.is_some() && records.all(|record| record == first)
}

/// The disk of a node; nodes count from 1.
pub fn disk(disks: &[Rc<Disk>], node: u64) -> &Rc<Disk> {
    &disks[usize::try_from(node - 1).unwrap_or(0)]
}
