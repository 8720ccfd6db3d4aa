//! A store in memory that crashes, fails and corrupts on demand: for the simulator and tests.
//!
//! ```text
//!   submit ──► queue ── write_queued ──► written ── sync ──► synced
//!              lost in a crash           lost from its       kept
//!                                        end, no holes
//! ```
//!
//! In `Immediate` mode a batch takes all steps at once and completes within `submit`; in
//! `Manual` mode the caller takes them when the time has come. No sink is called while the
//! store's lock is held, so a sink may call the store.

mod disk;
mod image;
mod state;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

pub use image::Image;

use self::state::{Load, State, Wanted};
use super::{
    Committer, CompletionSink, Delivery, Family, Identity, IdentityError, Peek, Range,
    ReplicaStore, StoreError, StoreOperation, Submission, Ticket,
};
use crate::node::ShardId;

/// When a batch moves on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryMode {
    /// At once: `submit` writes, syncs and completes, `load` completes.
    Immediate,
    /// When told to: by `write_queued`, `sync` and `read_queued`. One thread calls these, or
    /// completions may overtake each other.
    Manual,
}

/// A store in memory; it outlives the crashes of the node that uses it.
#[derive(Debug)]
pub struct MemoryStore {
    state: Mutex<State>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new(mode: MemoryMode) -> Self {
        let state = Mutex::new(State::new(mode));
        Self { state }
    }

    /// Opens the store as a node does when it starts, and says what it is: an empty store
    /// becomes the wanted one. What an earlier opening left behind, its failure too, is gone.
    pub fn open(&self, wanted: Identity) -> Result<Identity, MemoryOpenError> {
        self.state().open(wanted)
    }

    /// Writes what is queued, tells the shards that don't wait for a sync, and says how many
    /// batches that were.
    pub fn write_queued(&self) -> usize {
        let mut state = self.state();
        let count = state.queued();
        let deliveries = state.write_queued();
        drop(state);
        deliver(deliveries);
        count
    }

    /// Syncs what is written, tells the shards that wait for it, and says how many batches
    /// that were.
    pub fn sync(&self) -> usize {
        let mut state = self.state();
        let count = state.unsynced();
        let deliveries = state.sync();
        drop(state);
        deliver(deliveries);
        count
    }

    /// Answers the loads that are queued, and says how many there were.
    pub fn read_queued(&self) -> usize {
        let deliveries = self.state().read_queued();
        let count = deliveries.len();
        deliver(deliveries);
        count
    }

    /// How many batches are queued, thus lost in any crash.
    pub fn queued(&self) -> usize {
        self.state().queued()
    }

    /// How many batches are written but not synced: a crash keeps the first so many of them.
    pub fn unsynced(&self) -> usize {
        self.state().unsynced()
    }

    /// The node is gone, and of the batches that were not synced all but the first `keep`.
    /// A killed process keeps all (`usize::MAX`), a power cut any number. Nobody hears of
    /// what was under way.
    pub fn crash(&self, keep: usize) {
        self.state().crash(keep);
    }

    /// The next operation of this kind fails: a write or a sync, and with it the store until
    /// it is opened again; a read or an opening alone. Said twice, two of them fail.
    pub fn fail_next(&self, operation: StoreOperation) {
        self.state().fail_next(operation);
    }

    /// Flips a bit of a stored value in the byte at `at`, counted round its length; false if
    /// there is no value or it is empty.
    pub fn corrupt(&self, family: Family, key: &[u8], at: usize) -> bool {
        self.state().corrupt(family, key, at)
    }

    /// From now on `peek` knows nothing, so that every read has to load; or does again.
    pub fn set_cold(&self, cold: bool) {
        self.state().set_cold(cold);
    }

    /// What a copy of the store's directory would hold, unsynced batches included.
    pub fn snapshot(&self) -> Image {
        self.state().snapshot()
    }

    /// The node is gone, and the store is what it was when the image was taken: rolled back
    /// to it, or, in another store, cloned from it.
    pub fn restore(&self, image: Image) {
        self.state().restore(image);
    }

    /// The node is gone, and the disk is empty.
    pub fn wipe(&self) {
        self.restore(Image::default());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is whole between any two calls; a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Committer for MemoryStore {
    fn attach(&self, shard: ShardId, sink: Arc<dyn CompletionSink>) {
        self.state().attach(shard, sink);
    }

    fn submit(&self, submission: Submission) {
        let deliveries = self.state().submit(submission);
        deliver(deliveries);
    }
}

impl ReplicaStore for MemoryStore {
    fn peek(&self, family: Family, key: &[u8]) -> Result<Peek, StoreError> {
        self.state().peek(family, key)
    }

    fn load(&self, shard: ShardId, ticket: Ticket, family: Family, key: Bytes) {
        let what = Wanted::Value(family, key);
        let deliveries = self.state().load(shard, Load { ticket, what });
        deliver(deliveries);
    }

    fn load_range(&self, shard: ShardId, ticket: Ticket, range: Range) {
        let what = Wanted::Range(range);
        let deliveries = self.state().load(shard, Load { ticket, what });
        deliver(deliveries);
    }

    fn scan(
        &self,
        family: Family,
        from: &[u8],
        until: &[u8],
        limit: usize,
    ) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
        self.state().scan(family, from, until, limit)
    }
}

/// A store in memory that can't be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MemoryOpenError {
    /// The opening was told to fail.
    #[error(transparent)]
    Failed(#[from] StoreError),
    /// The store is another one, or can't be read.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

/// Never `deliver(self.state().…)`: the lock's guard would live until the call returns, and a
/// sink that calls the store would wait for itself.
fn deliver(deliveries: Vec<Delivery>) {
    deliveries.into_iter().for_each(Delivery::deliver);
}
