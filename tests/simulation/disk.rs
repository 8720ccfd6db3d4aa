//! The disk of a simulated node: it outlives the node, and takes its time.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use cartwheel::store::{MemoryMode, MemoryStore};

use crate::dice::Dice;

/// How long the committer waits between two writes.
const WRITE_EVERY: Duration = Duration::from_millis(1);

/// A sync follows each so many writes.
const WRITES_PER_SYNC: u64 = 5;

/// Once in so many writes the disk stalls …
const WRITES_PER_STALL: u64 = 200;

/// … for less than so many milliseconds.
const STALL_MS_MAX: u64 = 60;

/// A store, and how often a node has opened it.
pub struct Disk {
    pub store: Arc<MemoryStore>,
    openings: Cell<u64>,
    stuck: Cell<bool>,
}

impl Disk {
    /// An empty disk.
    pub fn new() -> Self {
        Self {
            store: Arc::new(MemoryStore::new(MemoryMode::Manual)),
            openings: Cell::new(0),
            stuck: Cell::new(false),
        }
    }

    /// The number of the opening that begins now.
    pub fn next_opening(&self) -> u64 {
        self.openings.set(self.openings.get() + 1);
        self.openings.get()
    }

    /// From now on nothing is written or synced, until the power is cut.
    pub fn get_stuck(&self) {
        self.stuck.set(true);
    }

    /// Cuts the power: of what was written without a sync, a random beginning survives.
    pub fn lose_power(&self, dice: &mut Dice) -> (usize, usize) {
        let unsynced = self.store.unsynced();
        let keep = usize::try_from(dice.below(unsynced as u64 + 1)).unwrap_or(0);
        self.store.crash(keep);
        self.stuck.set(false);
        (keep, unsynced)
    }
}

/// The committer: writes, reads and syncs for as long as the node lives.
pub async fn commit(disk: Rc<Disk>, mut dice: Dice) {
    for turn in 1_u64.. {
        tokio::time::sleep(WRITE_EVERY).await;
        if dice.one_in(WRITES_PER_STALL) {
            tokio::time::sleep(Duration::from_millis(dice.below(STALL_MS_MAX))).await;
        }
        disk.store.read_queued();
        if disk.stuck.get() {
            continue;
        }
        disk.store.write_queued();
        if turn.is_multiple_of(WRITES_PER_SYNC) {
            disk.store.sync();
        }
    }
}
