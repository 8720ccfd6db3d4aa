//! An extension's own data: a column family beside ours, in the same store and under the same log.
//!
//! It is an ordered map of keys and values that holds what was written, synced or not as asked:
//! a power cut takes an unsynced end of it, never a hole. Nothing here waits for the disk on an
//! event loop: batches go to the committer, and what memory does not have to the readers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use cartwheel::limits::{
    EXTENSION_BATCH_BYTES_MAX, EXTENSION_WRITE_BYTES_MAX, EXTENSION_WRITES_MAX, RANGE_BYTES_MAX,
};
use cartwheel::node::ShardId;
use cartwheel::store::{
    Batch, Completion, CompletionSink, Durability, Family, Peek, Range, RangeRead, ReplicaStore,
    StoreError, Submission, Ticket,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// The column family of one extension; cheap to clone.
#[derive(Clone)]
pub struct ExtensionStore {
    family: Family,
    /// The store's name for the extension: no shard has this number.
    shard: ShardId,
    store: Arc<dyn ReplicaStore>,
    waiting: Arc<Waiting>,
    writes: Arc<Semaphore>,
    /// A credit for each byte that is with the committer.
    written_bytes: Arc<Semaphore>,
    reads: Arc<Semaphore>,
}

/// Changes that are written together or not at all.
#[derive(Clone, Debug, Default)]
pub struct Changes(Vec<(Bytes, Option<Bytes>)>);

impl Changes {
    /// No change yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a key.
    pub fn put(&mut self, key: impl Into<Bytes>, value: impl Into<Bytes>) -> &mut Self {
        self.0.push((key.into(), Some(value.into())));
        self
    }

    /// Removes a key.
    pub fn delete(&mut self, key: impl Into<Bytes>) -> &mut Self {
        self.0.push((key.into(), None));
        self
    }

    fn batch(self, family: Family) -> Batch {
        let mut batch = Batch::new();
        for (key, value) in self.0 {
            match value {
                Some(value) => batch.put(family, key, value),
                None => batch.delete(family, key),
            }
        }
        batch
    }
}

/// Data that can't be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExtensionStoreError {
    /// The store has failed; after a failed write all of it has.
    #[error(transparent)]
    Failed(#[from] StoreError),
    /// More at once than a store that others share takes.
    #[error("changes of {len} bytes are over the limit of {limit}")]
    ChangesTooLarge {
        /// Their keys and values together.
        len: usize,
        /// How many bytes they may have.
        limit: usize,
    },
    /// The store was closed under it.
    #[error("the store is closed")]
    Closed,
}

impl ExtensionStore {
    /// The family of the extension with this name and place.
    pub(super) fn open(
        name: &'static str,
        place: usize,
        store: &Arc<dyn ReplicaStore>,
        reads: &Arc<Semaphore>,
    ) -> Self {
        let place = u16::try_from(place).unwrap_or(u16::MAX / 2);
        let shard = ShardId(FIRST_OF_EXTENSIONS - place);
        let waiting = Arc::<Waiting>::default();
        store.attach(shard, waiting.clone());
        Self {
            family: Family::Extension(name),
            shard,
            store: Arc::clone(store),
            waiting,
            writes: Arc::new(Semaphore::new(EXTENSION_WRITES_MAX)),
            written_bytes: Arc::new(Semaphore::new(EXTENSION_WRITE_BYTES_MAX)),
            reads: Arc::clone(reads),
        }
    }

    /// Reads a key. It sees every write that was waited for.
    pub async fn get(&self, key: impl Into<Bytes>) -> Result<Option<Bytes>, ExtensionStoreError> {
        let key = key.into();
        match self.store.peek(self.family, &key)? {
            Peek::Found(value) => return Ok(Some(value)),
            Peek::Absent => return Ok(None),
            Peek::NotInMemory => {}
        }
        let credit = Credit::of(&self.reads, 1).await?;
        let (answer, answered) = oneshot::channel();
        let ticket = self.waiting.enter(Answer::Value(answer), credit);
        self.store.load(self.shard, ticket, self.family, key);
        Ok(answered.await.map_err(|_| ExtensionStoreError::Closed)??)
    }

    /// Reads from `from` (inclusive) to `until` (exclusive) in the order of the keys, until so
    /// many entries or a mebibyte are enough.
    pub async fn range(
        &self,
        from: impl Into<Bytes>,
        until: impl Into<Bytes>,
        entries_max: usize,
    ) -> Result<RangeRead, ExtensionStoreError> {
        let range = Range {
            family: self.family,
            from: from.into(),
            until: until.into(),
            entries_max,
            bytes_max: RANGE_BYTES_MAX,
        };
        let credit = Credit::of(&self.reads, 1).await?;
        let (answer, answered) = oneshot::channel();
        let ticket = self.waiting.enter(Answer::Range(answer), credit);
        self.store.load_range(self.shard, ticket, range);
        Ok(answered.await.map_err(|_| ExtensionStoreError::Closed)??)
    }

    /// Writes changes, and waits until they are as durable as asked.
    pub async fn write(
        &self,
        changes: Changes,
        durability: Durability,
    ) -> Result<(), ExtensionStoreError> {
        let batch = changes.batch(self.family);
        let (len, limit) = (batch.bytes(), EXTENSION_BATCH_BYTES_MAX);
        if len > limit {
            return Err(ExtensionStoreError::ChangesTooLarge { len, limit });
        }
        let mut credit = Credit::of(&self.writes, 1).await?;
        credit.join(Credit::of(&self.written_bytes, len).await?);
        let (answer, answered) = oneshot::channel();
        let ticket = self.waiting.enter(Answer::Commit(answer), credit);
        self.store.submit(Submission {
            shard: self.shard,
            ticket,
            batch,
            durability,
        });
        Ok(answered.await.map_err(|_| ExtensionStoreError::Closed)??)
    }
}

/// What a request to the store holds until the store is done with it.
struct Credit(Vec<OwnedSemaphorePermit>);

impl Credit {
    async fn of(credits: &Arc<Semaphore>, count: usize) -> Result<Self, ExtensionStoreError> {
        // No batch has as many bytes as this could not count.
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let credits = Arc::clone(credits).acquire_many_owned(count).await;
        let credits = credits.map_err(|_| ExtensionStoreError::Closed)?;
        Ok(Self(vec![credits]))
    }

    fn join(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

/// Below the numbers that the ring and the listings have.
const FIRST_OF_EXTENSIONS: u16 = u16::MAX - 2;

/// Whoever waits for the store.
#[derive(Default)]
struct Waiting(Mutex<Entered>);

#[derive(Default)]
struct Entered {
    last: u64,
    /// With the credit: it comes back when the store is done, though nobody waits any more.
    answers: BTreeMap<Ticket, (Answer, Credit)>,
}

enum Answer {
    Commit(oneshot::Sender<Result<(), StoreError>>),
    Value(oneshot::Sender<Result<Option<Bytes>, StoreError>>),
    Range(oneshot::Sender<Result<RangeRead, StoreError>>),
}

impl Waiting {
    fn enter(&self, answer: Answer, credit: Credit) -> Ticket {
        let mut entered = self.entered();
        entered.last += 1;
        let ticket = Ticket(entered.last);
        entered.answers.insert(ticket, (answer, credit));
        ticket
    }

    fn take(&self, ticket: Ticket) -> Option<Answer> {
        let taken = self.entered().answers.remove(&ticket);
        taken.map(|(answer, _)| answer)
    }

    fn entered(&self) -> MutexGuard<'_, Entered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CompletionSink for Waiting {
    fn complete(&self, completions: Vec<Completion>) {
        for completion in completions {
            // Whoever asked may have stopped waiting.
            match completion {
                Completion::Committed { ticket } => {
                    if let Some(Answer::Commit(answer)) = self.take(ticket) {
                        let _ = answer.send(Ok(()));
                    }
                }
                Completion::Failed { ticket, error } => {
                    if let Some(Answer::Commit(answer)) = self.take(ticket) {
                        let _ = answer.send(Err(error));
                    }
                }
                Completion::Loaded { ticket, value } => {
                    if let Some(Answer::Value(answer)) = self.take(ticket) {
                        let _ = answer.send(value);
                    }
                }
                Completion::RangeLoaded { ticket, read } => {
                    if let Some(Answer::Range(answer)) = self.take(ticket) {
                        let _ = answer.send(read);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
#[path = "store/tests.rs"]
mod tests;
