//! The disk of a simulated node: it outlives the node, and takes its time.

mod copies;
mod slow_store;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cartwheel::store::{Family, ReplicaStore, StoreOperation, StoredKey};
use cartwheel::version::{Dot, Record, Value, Version};

use crate::dice::Dice;
use crate::history::name_of;
use copies::Copies;
use slow_store::SlowStore;

/// How long the committer waits between two writes.
const WRITE_EVERY: Duration = Duration::from_millis(1);

/// A sync follows after less than so many writes.
const WRITES_PER_SYNC_MAX: u64 = 10;

/// Once in so many writes the disk stalls …
const WRITES_PER_STALL: u64 = 200;

/// … for less than so many milliseconds.
const STALL_MS_MAX: u64 = 60;

/// What a disk does not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stuck {
    Nothing,
    Syncs,
    /// Nor does it sync.
    Writes,
}

/// A store, and how often a node has opened it.
pub struct Disk {
    pub store: Arc<SlowStore>,
    openings: Cell<u64>,
    stuck: Cell<Stuck>,
    /// How many failures it was told of.
    failures: Cell<u32>,
    copies: Copies,
}

impl Disk {
    /// An empty disk.
    pub fn new(dice: Dice) -> Self {
        Self {
            store: Arc::new(SlowStore::new(dice)),
            openings: Cell::new(0),
            stuck: Cell::new(Stuck::Nothing),
            failures: Cell::new(0),
            copies: Copies::default(),
        }
    }

    /// The number of the opening that begins now.
    pub fn next_opening(&self) -> u64 {
        self.openings.set(self.openings.get() + 1);
        self.openings.get()
    }

    /// From now on nothing is written or synced, until the power is cut.
    pub fn get_stuck(&self) {
        self.stuck.set(Stuck::Writes);
    }

    /// From now on everything is written and nothing is synced, until the power is cut.
    pub fn get_stuck_at_syncs(&self) {
        self.stuck.set(Stuck::Syncs);
    }

    /// It writes again.
    pub fn unstick(&self) {
        self.stuck.set(Stuck::Nothing);
    }

    /// Keeps a copy of what it holds.
    pub fn copy(&self) {
        self.copies.make(self.store.memory());
    }

    /// What it holds and the copy of it change places; false if there is none.
    pub fn change_places(&self) -> bool {
        self.copies.change_places(self.store.memory())
    }

    /// The next write or sync fails, and the store with it.
    pub fn fail_next(&self, operation: StoreOperation) {
        self.failures.set(self.failures.get() + 1);
        self.store.memory().fail_next(operation);
    }

    /// Whether the store was told to fail, as often as it was.
    pub fn was_told_to_fail(&self) -> bool {
        let left = self.failures.get().checked_sub(1);
        self.failures.set(left.unwrap_or(0));
        left.is_some()
    }

    /// From now on it writes, syncs and reads.
    pub fn work_again(&self) {
        self.stuck.set(Stuck::Nothing);
        self.store.can_read_again();
    }

    /// Cuts the power: of what was written without a sync, a random beginning survives.
    pub fn lose_power(&self, dice: &mut Dice) -> (usize, usize) {
        let memory = self.store.memory();
        let unsynced = memory.unsynced();
        let keep = usize::try_from(dice.below(unsynced as u64 + 1)).unwrap_or(0);
        memory.crash(keep);
        self.store.forget_loads();
        self.stuck.set(Stuck::Nothing);
        (keep, unsynced)
    }

    /// A record that is safely on the disk; nothing if there may be a newer one.
    pub fn settled(&self, key: &StoredKey) -> Option<Option<Bytes>> {
        let memory = self.store.memory();
        let quiet = memory.queued() == 0 && memory.unsynced() == 0;
        let readable = !self.store.is_unreadable(key.as_bytes());
        let found = (quiet && readable).then(|| self.found(key))?;
        found.as_ref().is_none_or(is_whole).then_some(found)
    }

    /// The record that the disk holds, in whatever state.
    pub fn found(&self, key: &StoredKey) -> Option<Bytes> {
        let until = [key.as_bytes(), &[0][..]].concat();
        let memory = self.store.memory();
        let found = memory.scan(Family::Objects, key.as_bytes(), &until, 1);
        found.ok()?.pop().map(|(_, record)| record)
    }
}

/// The live values of a record, each with its dot; none of a record that is damaged.
pub fn values(record: Option<&Bytes>) -> Vec<(Dot, String)> {
    let record = record.filter(|record| is_whole(record));
    let record = record.and_then(|record| Record::decode(record).ok());
    let versions = record.iter().flat_map(Record::live);
    let values = versions.filter_map(|version| Some((version.dot, name_of_version(version)?)));
    values.collect()
}

/// The name of a version's value; a tombstone has none.
pub fn name_of_version(version: &Version) -> Option<String> {
    match &version.value {
        Value::Live { bytes, attributes } => Some(name_of(attributes.as_deref(), bytes)),
        Value::Tombstone => None,
    }
}

/// Whether a record is what was once written.
pub fn is_whole(record: &Bytes) -> bool {
    Record::check(record).is_ok()
}

/// The committer: writes, reads and syncs for as long as the node lives.
pub async fn commit(disk: Rc<Disk>, mut dice: Dice) {
    let mut until_sync = 1;
    loop {
        disk.store.wait_for_work().await;
        tokio::time::sleep(WRITE_EVERY).await;
        if dice.one_in(WRITES_PER_STALL) {
            tokio::time::sleep(Duration::from_millis(dice.below(STALL_MS_MAX))).await;
        }
        disk.store.turn();
        if disk.stuck.get() == Stuck::Writes {
            continue;
        }
        disk.store.memory().write_queued();
        if disk.stuck.get() == Stuck::Syncs {
            continue;
        }
        until_sync -= 1;
        if until_sync == 0 {
            disk.store.memory().sync();
            until_sync = dice.between(1, WRITES_PER_SYNC_MAX);
        }
    }
}
