//! The machine: commands and completions in, effects out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;

use super::cache::RecordCache;
use super::command::{Action, Command, Effect, ReplicaReply};
use super::finished::FinishedRequests;
use super::mint::Mint;
use super::overlay::Overlay;
use crate::entropy::Entropy;
use crate::limits::{CORRUPT_KEYS_MAX, LOADS_MAX, QUEUED_PER_KEY_MAX, UNWRITTEN_BYTES_MAX};
use crate::message::replica::{OperationId, ReplicaError};
use crate::node::ShardId;
use crate::planted_bug::{self, PlantedBug};
use crate::store::{
    Batch, Completion, Durability, Family, Peek, ReplicaStore, StoreError, StoredKey, Submission,
    Ticket,
};
use crate::version::{ContextSecret, Origin, Record};

/// One shard's replica. `A` is who asks.
#[derive(Debug)]
pub struct Replica<A> {
    shard: ShardId,
    pub(super) secret: ContextSecret,
    pub(super) mint: Mint,
    pub(super) overlay: Overlay,
    pub(super) cache: RecordCache,
    pub(super) finished: FinishedRequests,
    loading: BTreeMap<StoredKey, Loading<A>>,
    loads: BTreeMap<Ticket, StoredKey>,
    pub(super) open: Option<OpenBatch>,
    pub(super) waiting: BTreeMap<Ticket, Committing<A>>,
    /// Bytes of records in batches that are not committed.
    pub(super) unwritten_bytes: usize,
    /// Bytes of records that this burst answers.
    pub(super) answered_bytes: usize,
    next_ticket: u64,
    /// Whether somebody wants to hear of each record that is committed.
    pub(super) observed: bool,
    /// Keys that were found corrupt and not written since: each was forgotten once.
    forgotten: BTreeSet<StoredKey>,
    failed: Option<StoreError>,
    pub(super) counters: ReplicaCounters,
}

/// Leaves room to count up from a random beginning for the life of any process.
const TICKET_HEADROOM_BITS: u32 = 16;

/// What a replica counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplicaCounters {
    /// Records whose checksum was wrong.
    pub corrupt: u64,
    /// Values that lost by last-writer-wins.
    pub lost: u64,
    /// Origins drawn since the start.
    pub origins: u64,
}

#[derive(Debug)]
struct Loading<A> {
    queue: VecDeque<Command<A>>,
}

/// A batch that still takes records of the same durability.
#[derive(Debug)]
pub(super) struct OpenBatch {
    pub(super) ticket: Ticket,
    pub(super) batch: Batch,
    pub(super) durability: Durability,
}

/// Who waits for a batch, and which keys it writes.
#[derive(Debug)]
pub(super) struct Committing<A> {
    pub(super) keys: Vec<StoredKey>,
    pub(super) bytes: usize,
    pub(super) waiters: Vec<(A, OperationId, ReplicaReply)>,
    /// What observers are to hear once it is committed: the overlay forgets it when the key is
    /// written again before that.
    pub(super) observed: Vec<(StoredKey, Bytes)>,
}

impl<A> Default for Committing<A> {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            bytes: 0,
            waiters: Vec::new(),
            observed: Vec::new(),
        }
    }
}

impl<A> Committing<A> {
    /// Remembers a record for the observers, in place of an older one of its key.
    pub(super) fn observe(&mut self, (key, record): (StoredKey, Bytes), replaces: bool) {
        let mut observed = self.observed.iter_mut().rev();
        match observed.find(|(known, _)| replaces && *known == key) {
            Some((_, older)) => *older = record,
            None => self.observed.push((key, record)),
        }
    }
}

/// A record as it was found.
pub(super) enum Found {
    Nothing,
    Record(Bytes),
    Corrupt,
}

impl<A: Clone> Replica<A> {
    /// A replica that knows nothing but its store, and keeps so many bytes of records in
    /// memory behind the unwritten ones.
    pub fn new(
        shard: ShardId,
        secret: ContextSecret,
        cache_bytes: usize,
        entropy: &mut dyn Entropy,
    ) -> Self {
        let mint = Mint::new(entropy, shard);
        let seed = entropy.next_u64();
        Self {
            shard,
            secret,
            mint,
            overlay: Overlay::seeded(seed),
            cache: RecordCache::new(cache_bytes, seed),
            finished: FinishedRequests::seeded(seed),
            loading: BTreeMap::new(),
            loads: BTreeMap::new(),
            open: None,
            waiting: BTreeMap::new(),
            unwritten_bytes: 0,
            answered_bytes: 0,
            // Tickets of an earlier life may still complete: none of them is given again.
            next_ticket: entropy.next_u64() >> TICKET_HEADROOM_BITS,
            observed: false,
            forgotten: BTreeSet::new(),
            failed: None,
            counters: ReplicaCounters {
                origins: 1,
                ..ReplicaCounters::default()
            },
        }
    }

    /// From now on it tells of each record that is committed.
    pub fn observed(mut self) -> Self {
        self.observed = true;
        self
    }

    /// The origin of its next dot.
    pub fn origin(&self) -> Origin {
        self.mint.origin()
    }

    /// How many records wait for the committer.
    pub fn unwritten(&self) -> usize {
        self.overlay.len()
    }

    /// What it has counted.
    pub fn counters(&self) -> ReplicaCounters {
        self.counters
    }

    /// Why its store has failed, if it has.
    pub fn failure(&self) -> Option<&StoreError> {
        self.failed.as_ref()
    }

    /// Does one thing, now or once the record is loaded. Call [`Self::flush`] behind the
    /// last command of a burst.
    pub fn execute(
        &mut self,
        command: Command<A>,
        store: &dyn ReplicaStore,
        entropy: &mut dyn Entropy,
        effects: &mut Vec<Effect<A>>,
    ) {
        if let Some(error) = &self.failed {
            let error = ReplicaError::StoreFailed(error.to_string());
            return answer(effects, &command, ReplicaReply::Failed(error));
        }
        let writes = !matches!(command.action, Action::Read(_));
        if writes && refuses(self.unwritten_bytes > UNWRITTEN_BYTES_MAX) {
            let overloaded = ReplicaReply::Failed(ReplicaError::Overloaded);
            return answer(effects, &command, overloaded);
        }
        if let Some(loading) = self.loading.get_mut(&command.key) {
            if refuses(loading.queue.len() >= QUEUED_PER_KEY_MAX) {
                let overloaded = ReplicaReply::Failed(ReplicaError::Overloaded);
                return answer(effects, &command, overloaded);
            }
            return loading.queue.push_back(command);
        }
        match self.find(&command.key, store) {
            Ok(Some(found)) => self.run(command, found, entropy, effects),
            Ok(None) => self.load(command, effects),
            Err(_) => {
                self.counters.corrupt += 1;
                self.run(command, Found::Corrupt, entropy, effects);
            }
        }
    }

    /// Submits what the burst has queued.
    pub fn flush(&mut self, effects: &mut Vec<Effect<A>>) {
        self.answered_bytes = 0;
        self.submit(effects);
    }

    /// Submits the open batch.
    pub(super) fn submit(&mut self, effects: &mut Vec<Effect<A>>) {
        if let Some(OpenBatch {
            ticket,
            batch,
            durability,
        }) = self.open.take()
        {
            let shard = self.shard;
            effects.push(Effect::Submit(Submission {
                shard,
                ticket,
                batch,
                durability,
            }));
        }
    }

    /// Takes what the store has completed.
    pub fn complete(
        &mut self,
        completion: Completion,
        entropy: &mut dyn Entropy,
        effects: &mut Vec<Effect<A>>,
    ) {
        match completion {
            Completion::Committed { ticket } => self.committed(ticket, effects),
            Completion::Failed { error, .. } => self.fail(error, effects),
            Completion::Loaded { ticket, value } => self.loaded(ticket, value, entropy, effects),
            // A replica asks for no ranges.
            Completion::RangeLoaded { .. } => {}
        }
    }

    fn committed(&mut self, ticket: Ticket, effects: &mut Vec<Effect<A>>) {
        let Some(committing) = self.waiting.remove(&ticket) else {
            return;
        };
        self.unwritten_bytes -= committing.bytes;
        for key in committing.keys {
            self.forgotten.remove(&key);
            if let Some(record) = self.overlay.written(&key, ticket) {
                self.cache.insert(key, record);
            }
        }
        let observed = committing.observed.into_iter();
        effects.extend(observed.map(|(key, record)| Effect::Accepted { key, record }));
        let answers = committing.waiters.into_iter();
        effects.extend(answers.map(|(asker, operation, reply)| Effect::Answer {
            asker,
            operation,
            reply,
        }));
    }

    /// The store is gone: nothing that is queued was acknowledged, and nothing will be.
    fn fail(&mut self, error: StoreError, effects: &mut Vec<Effect<A>>) {
        let reply = ReplicaReply::Failed(ReplicaError::StoreFailed(error.to_string()));
        self.failed.get_or_insert(error);
        self.open = None;
        self.unwritten_bytes = 0;
        self.overlay.clear();
        self.cache.clear();
        self.loads.clear();
        let waiting = std::mem::take(&mut self.waiting).into_values();
        for (asker, operation, _) in waiting.flat_map(|committing| committing.waiters) {
            let reply = reply.clone();
            effects.push(Effect::Answer {
                asker,
                operation,
                reply,
            });
        }
        let loading = std::mem::take(&mut self.loading).into_values();
        for command in loading.flat_map(|loading| loading.queue) {
            answer(effects, &command, reply.clone());
        }
    }

    /// The newest record: what is queued hides what is written.
    fn find(
        &mut self,
        key: &StoredKey,
        store: &dyn ReplicaStore,
    ) -> Result<Option<Found>, StoreError> {
        if !planted_bug::is(PlantedBug::SkipTheOverlay)
            && let Some(unwritten) = self.overlay.get(key)
        {
            return Ok(Some(Found::Record(unwritten.record.clone())));
        }
        if let Some(record) = self.cache.get(key) {
            return Ok(Some(Found::Record(record)));
        }
        Ok(match store.peek(Family::Objects, key.as_bytes())? {
            Peek::Found(record) => Some(self.checked(key, record)),
            Peek::Absent => Some(Found::Nothing),
            Peek::NotInMemory => None,
        })
    }

    /// Checks a record that comes from the store, once; from then on memory holds it.
    fn checked(&mut self, key: &StoredKey, record: Bytes) -> Found {
        match Record::check(&record) {
            Ok(()) => {
                self.cache.insert(key.clone(), record.clone());
                Found::Record(record)
            }
            Err(_) => {
                self.counters.corrupt += 1;
                Found::Corrupt
            }
        }
    }

    fn load(&mut self, command: Command<A>, effects: &mut Vec<Effect<A>>) {
        if refuses(self.loads.len() >= LOADS_MAX) {
            let overloaded = ReplicaReply::Failed(ReplicaError::Overloaded);
            return answer(effects, &command, overloaded);
        }
        let ticket = self.ticket();
        let key = command.key.clone();
        let queue = VecDeque::from([command]);
        self.loading.insert(key.clone(), Loading { queue });
        self.loads.insert(ticket, key.clone());
        effects.push(Effect::Load { ticket, key });
    }

    fn loaded(
        &mut self,
        ticket: Ticket,
        value: Result<Option<Bytes>, StoreError>,
        entropy: &mut dyn Entropy,
        effects: &mut Vec<Effect<A>>,
    ) {
        let Some(key) = self.loads.remove(&ticket) else {
            return;
        };
        let Some(loading) = self.loading.remove(&key) else {
            return;
        };
        for command in loading.queue {
            // An earlier command of the queue may have written: what is queued comes first.
            let found = match (self.overlay.get(&key), &value) {
                (Some(unwritten), _) => Found::Record(unwritten.record.clone()),
                (None, Ok(Some(record))) => self.checked(&key, record.clone()),
                (None, Ok(None)) => Found::Nothing,
                // What the store can't read is as good as corrupt: it counts for nothing, and
                // what enough other owners have replaces it.
                (None, Err(_)) => {
                    self.counters.corrupt += 1;
                    Found::Corrupt
                }
            };
            self.run(command, found, entropy, effects);
        }
    }

    fn run(
        &mut self,
        command: Command<A>,
        found: Found,
        entropy: &mut dyn Entropy,
        effects: &mut Vec<Effect<A>>,
    ) {
        if matches!(found, Found::Corrupt) {
            self.forget(&command.key, entropy);
        }
        match &command.action {
            Action::Read(digest) => self.read(&command, *digest, found, effects),
            Action::Merge(record) => self.merge(&command, record, found, effects),
            Action::Repair(record) => self.repair(&command, record, found, effects),
            Action::Write(write) => self.write(&command, write, found, effects),
        }
    }

    /// A record that may have carried one of our dots is lost. One that is read again and again
    /// can't have got any of the fresh origin, and each origin stays in what it writes for ever.
    fn forget(&mut self, key: &StoredKey, entropy: &mut dyn Entropy) {
        let claims = planted_bug::is(PlantedBug::ClaimForgottenDots);
        if claims || self.forgotten.contains(key) {
            return;
        }
        if self.forgotten.len() >= CORRUPT_KEYS_MAX {
            self.forgotten.clear();
        }
        self.forgotten.insert(key.clone());
        self.renew_origin(entropy);
    }

    /// Draws a fresh origin before the next dot.
    pub fn renew_origin(&mut self, entropy: &mut dyn Entropy) {
        self.mint = Mint::new(entropy, self.shard);
        self.finished.clear();
        self.counters.origins += 1;
    }

    /// A ticket that this replica has not given and no earlier life of it has.
    pub fn ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        Ticket(self.next_ticket)
    }
}

fn refuses(full: bool) -> bool {
    full && !planted_bug::is(PlantedBug::RefuseNothing)
}

pub(super) fn answer<A: Clone>(
    effects: &mut Vec<Effect<A>>,
    command: &Command<A>,
    reply: ReplicaReply,
) {
    effects.push(Effect::Answer {
        asker: command.asker.clone(),
        operation: command.operation,
        reply,
    });
}
