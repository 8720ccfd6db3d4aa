//! The machine: commands and completions in, effects out.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use super::cache::RecordCache;
use super::command::{Action, ClientWrite, Command, Effect, Prepared, ReplicaReply};
use super::finished::FinishedRequests;
use super::mint::Mint;
use super::overlay::Overlay;
use super::write::{self, Written};
use crate::entropy::Entropy;
use crate::limits::{QUEUED_PER_KEY_MAX, RECORD_CACHE_BYTES_MAX};
use crate::message::client::RequestError;
use crate::message::replica::{OperationId, ReplicaAnswer, ReplicaError};
use crate::node::ShardId;
use crate::planted_bug::{self, PlantedBug};
use crate::store::{
    Batch, Completion, Durability, Family, Peek, ReplicaStore, StoreError, StoredKey, Submission,
    Ticket,
};
use crate::version::{ContextSecret, Digest, Dot, Origin, Record};

/// One shard's replica. `A` is who asks.
#[derive(Debug)]
pub struct Replica<A> {
    shard: ShardId,
    secret: ContextSecret,
    mint: Mint,
    overlay: Overlay,
    cache: RecordCache,
    finished: FinishedRequests,
    loading: BTreeMap<StoredKey, Loading<A>>,
    loads: BTreeMap<Ticket, StoredKey>,
    open: Option<OpenBatch>,
    waiting: BTreeMap<Ticket, Committing<A>>,
    next_ticket: u64,
    failed: Option<StoreError>,
    counters: ReplicaCounters,
}

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
struct OpenBatch {
    ticket: Ticket,
    batch: Batch,
    durability: Durability,
}

/// Who waits for a batch, and which keys it writes.
#[derive(Debug)]
struct Committing<A> {
    keys: Vec<StoredKey>,
    waiters: Vec<(A, OperationId, ReplicaReply)>,
}

impl<A> Default for Committing<A> {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            waiters: Vec::new(),
        }
    }
}

/// A record as it was found.
enum Found {
    Nothing,
    Record(Bytes),
    Corrupt,
}

impl<A: Clone> Replica<A> {
    /// A replica that knows nothing but its store.
    pub fn new(shard: ShardId, secret: ContextSecret, entropy: &mut dyn Entropy) -> Self {
        Self {
            shard,
            secret,
            mint: Mint::new(entropy, shard),
            overlay: Overlay::default(),
            cache: RecordCache::new(RECORD_CACHE_BYTES_MAX),
            finished: FinishedRequests::default(),
            loading: BTreeMap::new(),
            loads: BTreeMap::new(),
            open: None,
            waiting: BTreeMap::new(),
            next_ticket: 1,
            failed: None,
            counters: ReplicaCounters {
                origins: 1,
                ..ReplicaCounters::default()
            },
        }
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
        if let Some(loading) = self.loading.get_mut(&command.key) {
            if loading.queue.len() >= QUEUED_PER_KEY_MAX {
                let overloaded = ReplicaReply::Failed(ReplicaError::Overloaded);
                return answer(effects, &command, overloaded);
            }
            return loading.queue.push_back(command);
        }
        match self.find(&command.key, store) {
            Ok(Some(found)) => self.run(command, found, entropy, effects),
            Ok(None) => self.load(command, effects),
            Err(error) => {
                let error = ReplicaError::StoreFailed(error.to_string());
                answer(effects, &command, ReplicaReply::Failed(error));
            }
        }
    }

    /// Submits what the burst has queued.
    pub fn flush(&mut self, effects: &mut Vec<Effect<A>>) {
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
        }
    }

    fn committed(&mut self, ticket: Ticket, effects: &mut Vec<Effect<A>>) {
        let Some(committing) = self.waiting.remove(&ticket) else {
            return;
        };
        for key in committing.keys {
            if let Some(record) = self.overlay.written(&key, ticket) {
                self.cache.insert(key, record);
            }
        }
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
                (None, Err(error)) => {
                    let error = ReplicaError::StoreFailed(error.to_string());
                    answer(effects, &command, ReplicaReply::Failed(error));
                    continue;
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
            // The record may have carried one of our dots, and we have forgotten it.
            self.renew_origin(entropy);
        }
        match &command.action {
            Action::Read(digest) => self.read(&command, *digest, found, effects),
            Action::Merge(record) => self.merge(&command, record, found, effects),
            Action::Write(write) => self.write(&command, write, found, effects),
        }
    }

    /// Draws a fresh origin before the next dot.
    pub fn renew_origin(&mut self, entropy: &mut dyn Entropy) {
        self.mint = Mint::new(entropy, self.shard);
        self.finished.clear();
        self.counters.origins += 1;
    }

    fn read(
        &mut self,
        command: &Command<A>,
        digest: Option<Digest>,
        found: Found,
        effects: &mut Vec<Effect<A>>,
    ) {
        let reply = match found {
            Found::Nothing => ReplicaReply::Got(ReplicaAnswer::Absent),
            Found::Corrupt => ReplicaReply::Failed(ReplicaError::Corrupt),
            Found::Record(record) => match Record::digest_of(&record) {
                Ok(own) if Some(own) == digest => ReplicaReply::Got(ReplicaAnswer::Same),
                Ok(_) => ReplicaReply::Got(ReplicaAnswer::Record(record)),
                Err(_) => ReplicaReply::Failed(ReplicaError::Corrupt),
            },
        };
        // A synced bucket answers only what is synced: the read waits for the group commit.
        self.answer_once_durable(command, reply, effects);
    }

    fn merge(
        &mut self,
        command: &Command<A>,
        incoming: &Bytes,
        found: Found,
        effects: &mut Vec<Effect<A>>,
    ) {
        let merged = match found {
            Found::Nothing | Found::Corrupt => Record::check(incoming).map(|()| incoming.clone()),
            Found::Record(own) if own == *incoming => Ok(own),
            Found::Record(own) => self.merged(&own, incoming, command),
        };
        match merged {
            Ok(record) => self.store(command, record, effects),
            Err(_) => {
                let malformed = ReplicaReply::Failed(ReplicaError::Malformed);
                answer(effects, command, malformed);
            }
        }
    }

    fn merged(
        &mut self,
        own: &Bytes,
        incoming: &Bytes,
        command: &Command<A>,
    ) -> Result<Bytes, crate::version::RecordError> {
        let mut record = Record::decode(own)?;
        let incoming = Record::decode(incoming)?;
        let lost = record.merge(&incoming, command.rule);
        self.counters.lost += lost as u64;
        Ok(record.encode())
    }

    fn write(
        &mut self,
        command: &Command<A>,
        write: &ClientWrite,
        found: Found,
        effects: &mut Vec<Effect<A>>,
    ) {
        match self.written(command, write, found) {
            Ok((written, repeated)) => {
                let prepared = Prepared {
                    record: written.record.encode(),
                    dot: written.dot,
                    context: written.context,
                    repeated,
                };
                let record = prepared.record.clone();
                answer(effects, command, ReplicaReply::Prepared(Box::new(prepared)));
                self.store(command, record, effects);
            }
            Err(error) => answer(effects, command, ReplicaReply::Refused(Box::new(error))),
        }
    }

    fn written(
        &mut self,
        command: &Command<A>,
        write: &ClientWrite,
        found: Found,
    ) -> Result<(Written, bool), RequestError> {
        self.mint.check(&write.context.history)?;
        let existing = match found {
            Found::Record(record) => Record::decode(&record).map_err(undecodable)?,
            Found::Nothing | Found::Corrupt => Record::new(),
        };
        if let Some(dot) = self.first_dot(&existing, write, &command.key) {
            return Ok((write::repeat(existing, write, dot), true));
        }
        let mint = &mut self.mint;
        let written = write::apply(existing, write, command.rule, || mint.next());
        let seal = write::seal_with(&self.secret, &command.key);
        let written = written.map_err(|refusal| refusal.answer(write, seal))?;
        if let Some(dot) = written.dot {
            self.finished.remember(write.request, &command.key, dot);
        }
        Ok((written, false))
    }

    fn first_dot(&self, existing: &Record, write: &ClientWrite, key: &StoredKey) -> Option<Dot> {
        let kept = existing
            .written_by(write.request)
            .map(|version| version.dot);
        kept.or_else(|| self.finished.dot_of(write.request, key))
    }

    /// Queues the record, unless it is what is there already.
    fn store(&mut self, command: &Command<A>, record: Bytes, effects: &mut Vec<Effect<A>>) {
        let same = |own: Option<&Bytes>| own == Some(&record);
        let queued = self
            .overlay
            .get(&command.key)
            .map(|unwritten| &unwritten.record);
        let written = queued.is_none() && same(self.cache.get(&command.key).as_ref());
        let ticket = self.batch_for(command.durability, effects);
        let committing = self.waiting.entry(ticket).or_default();
        match planted_bug::is(PlantedBug::AcknowledgeBeforeWrite) {
            true => answer(effects, command, ReplicaReply::Stored),
            false => {
                let waiter = (
                    command.asker.clone(),
                    command.operation,
                    ReplicaReply::Stored,
                );
                committing.waiters.push(waiter);
            }
        }
        // A record that is written already is not written again, but the answer still waits
        // for a batch of its durability: it may have been written without a sync.
        if !written {
            committing.keys.push(command.key.clone());
            self.overlay
                .insert(command.key.clone(), record.clone(), ticket);
            let open = self.open.as_mut().map(|open| &mut open.batch);
            if let Some(batch) = open {
                batch.put(Family::Objects, command.key.as_bytes().clone(), record);
            }
        }
    }

    /// The open batch of this durability; one of another durability is submitted first, so
    /// that the order of the commands is the order of the batches.
    fn batch_for(&mut self, durability: Durability, effects: &mut Vec<Effect<A>>) -> Ticket {
        if let Some(open) = &self.open {
            if open.durability == durability {
                return open.ticket;
            }
            self.flush(effects);
        }
        let ticket = self.ticket();
        let batch = Batch::new();
        self.open = Some(OpenBatch {
            ticket,
            batch,
            durability,
        });
        ticket
    }

    fn answer_once_durable(
        &mut self,
        command: &Command<A>,
        reply: ReplicaReply,
        effects: &mut Vec<Effect<A>>,
    ) {
        let unwritten = self
            .overlay
            .get(&command.key)
            .map(|unwritten| unwritten.ticket);
        let committing = unwritten
            .filter(|_| command.durability == Durability::Synced)
            .and_then(|ticket| self.waiting.get_mut(&ticket));
        match committing {
            Some(committing) => {
                let waiter = (command.asker.clone(), command.operation, reply);
                committing.waiters.push(waiter);
            }
            None => answer(effects, command, reply),
        }
    }

    fn ticket(&mut self) -> Ticket {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        ticket
    }
}

/// A record whose checksum holds and whose body does not was written wrong: it stays as it
/// is for the scrub to report, and the write is refused.
fn undecodable(error: crate::version::RecordError) -> RequestError {
    let cause = error.to_string();
    RequestError::Malformed { kind: 0, cause }
}

fn answer<A: Clone>(effects: &mut Vec<Effect<A>>, command: &Command<A>, reply: ReplicaReply) {
    effects.push(Effect::Answer {
        asker: command.asker.clone(),
        operation: command.operation,
        reply,
    });
}
