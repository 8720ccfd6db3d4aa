//! What the core asks of a store, and what it writes there.
//!
//! A store answers reads from memory at once, or says that the disk is needed and answers
//! later; it takes batches with a ticket and completes them later, in the order of their
//! submission. After a failure nothing that is queued is completed as written.
//!
//! ```text
//!   replica machine ── peek ──► ReplicaStore        answers now, from memory
//!                   ── load ──►              ──► Completion::Loaded | RangeLoaded
//!                   ── submit ►  committer   ──► Completion::Committed | Failed
//! ```

mod batch;
mod identity;
mod memory;
mod range;
mod sinks;
mod stored_key;
mod unfinished;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

pub use batch::{Batch, BatchEntry, Family};
pub use identity::{Identity, IdentityError, STORE_FORMAT};
pub use memory::{Image, MemoryMode, MemoryOpenError, MemoryStore};
pub use range::{Range, RangeRead};
pub use sinks::Sinks;
pub use stored_key::{SliceId, StoredKey, StoredKeyError};
pub use unfinished::{Delivery, Unfinished};

use crate::node::ShardId;

/// When a batch may be called committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Durability {
    /// Handed to the kernel: a crash of the process loses nothing, a power cut may.
    Buffered,
    /// As `Buffered`, and the next group commit takes it along without anyone waiting.
    Marked,
    /// On the disk: the log was synced after it was written.
    Synced,
}

/// Names a batch or a load of one shard; a shard never gives a number twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// A batch on its way to the committer.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The shard that is told of the outcome.
    pub shard: ShardId,
    /// Comes back with the completion.
    pub ticket: Ticket,
    /// What to write, all of it or nothing.
    pub batch: Batch,
    /// When to call it committed.
    pub durability: Durability,
}

/// What became of a submission or a load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completion {
    /// The batch is as durable as it was asked to be.
    Committed {
        /// The submission's ticket.
        ticket: Ticket,
    },
    /// The batch, and with it the store, has failed; nothing submitted later is committed.
    Failed {
        /// The submission's ticket.
        ticket: Ticket,
        /// Why.
        error: StoreError,
    },
    /// A value read from disk.
    Loaded {
        /// The load's ticket.
        ticket: Ticket,
        /// The value, if there is one.
        value: Result<Option<Bytes>, StoreError>,
    },
    /// A range read from disk.
    RangeLoaded {
        /// The load's ticket.
        ticket: Ticket,
        /// As much of the range as was enough.
        read: Result<RangeRead, StoreError>,
    },
}

/// Takes the completions of one shard, in order, on any thread.
pub trait CompletionSink: Send + Sync {
    /// Hands over what has completed since the last call.
    ///
    /// It may run on the store's own thread, which every shard waits for, or within `submit`:
    /// it hands on and returns, and neither blocks nor panics.
    fn complete(&self, completions: Vec<Completion>);
}

/// What memory knows of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peek {
    /// The value.
    Found(Bytes),
    /// There is no value.
    Absent,
    /// Only the disk knows.
    NotInMemory,
}

/// Writes batches and says when they are as durable as asked.
///
/// Batches of one shard are written, and completed, in the order of their submission: one that
/// waits for a sync holds back those behind it, whatever their durability.
/// A failed write or sync fails the store for good: it is never tried again, every later
/// submission completes as `Failed` or not at all, and reads fail too, since memory may hold
/// what the disk does not.
///
/// No submission is refused for being one too many: the caller bounds what it has under way.
pub trait Committer: Send + Sync {
    /// Names the sink for a shard's completions; a later call replaces it, and completions
    /// of the shard's earlier life go to the sink that was there at submission.
    fn attach(&self, shard: ShardId, sink: Arc<dyn CompletionSink>);

    /// Queues a batch.
    fn submit(&self, submission: Submission);
}

/// A store of records: reads, and batches by way of its committer.
///
/// The contract is a test suite, `tests/store/`, which every implementation passes.
pub trait ReplicaStore: Committer {
    /// Reads from memory, without ever waiting for the disk. It sees what is written, synced
    /// or not; what is only queued it does not see.
    fn peek(&self, family: Family, key: &[u8]) -> Result<Peek, StoreError>;

    /// Reads, from disk if need be; completes as `Loaded` to the shard's sink.
    fn load(&self, shard: ShardId, ticket: Ticket, family: Family, key: Bytes);

    /// Reads a range, from disk if need be; completes as `RangeLoaded` to the shard's sink.
    fn load_range(&self, shard: ShardId, ticket: Ticket, range: Range);

    /// Reads up to `limit` entries from `from` (inclusive) to `until` (exclusive), in key
    /// order. It waits for the disk, on the thread of the caller: for openings alone.
    fn scan(
        &self,
        family: Family,
        from: &[u8],
        until: &[u8],
        limit: usize,
    ) -> Result<Vec<(Bytes, Bytes)>, StoreError>;
}

/// A store that can't be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store failed to {operation}: {cause}")]
pub struct StoreError {
    /// What was tried.
    pub operation: StoreOperation,
    /// What the store said: its own words, since they name files and system errors.
    pub cause: String,
}

/// What was asked of a store that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreOperation {
    /// Opening it.
    Open,
    /// Reading a value.
    Read,
    /// Writing a batch.
    Write,
    /// Syncing the log.
    Sync,
}

impl fmt::Display for StoreOperation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Open => "open",
            Self::Read => "read",
            Self::Write => "write",
            Self::Sync => "sync",
        })
    }
}
