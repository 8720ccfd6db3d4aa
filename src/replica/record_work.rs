//! What is done with a record once it is at hand: read, merge, write.

use bytes::Bytes;

use super::command::{ClientWrite, Command, Effect, Prepared, ReplicaReply};
use super::machine::{Found, OpenBatch, Replica, answer};
use super::write::{self, Written};
use crate::limits::BURST_ANSWER_BYTES_MAX;
use crate::message::client::RequestError;
use crate::message::replica::{ReplicaAnswer, ReplicaError};
use crate::planted_bug::{self, PlantedBug};
use crate::store::{Batch, Durability, Family, StoredKey, Ticket};
use crate::version::{Digest, Dot, Record, RecordError};

impl<A: Clone> Replica<A> {
    pub(super) fn read(
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
                Ok(_) => self.shown(record),
                Err(_) => ReplicaReply::Failed(ReplicaError::Corrupt),
            },
        };
        // A synced bucket answers only what is synced: the read waits for the group commit.
        self.answer_once_durable(command, reply, effects);
    }

    /// A whole record, unless the burst has answered enough of them.
    fn shown(&mut self, record: Bytes) -> ReplicaReply {
        let bytes = self.answered_bytes + record.len();
        if self.answered_bytes > 0 && bytes > BURST_ANSWER_BYTES_MAX {
            return ReplicaReply::Failed(ReplicaError::Overloaded);
        }
        self.answered_bytes = bytes;
        ReplicaReply::Got(ReplicaAnswer::Record(record))
    }

    pub(super) fn merge(
        &mut self,
        command: &Command<A>,
        incoming: &Bytes,
        found: Found,
        effects: &mut Vec<Effect<A>>,
    ) {
        let merged = match found {
            // It may lack what the record here had acknowledged, so it must not bring this owner
            // back into the quorum.
            Found::Corrupt if !planted_bug::is(PlantedBug::TakeAnythingForACorrupt) => {
                let corrupt = ReplicaReply::Failed(ReplicaError::Corrupt);
                return answer(effects, command, corrupt);
            }
            Found::Nothing | Found::Corrupt => Record::decode(incoming).map(|_| incoming.clone()),
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

    /// What was acknowledged here is on enough other owners too, and this is the merge of theirs:
    /// where the own record is corrupt nothing is lost by it.
    pub(super) fn repair(
        &mut self,
        command: &Command<A>,
        incoming: &Bytes,
        found: Found,
        effects: &mut Vec<Effect<A>>,
    ) {
        let found = match found {
            Found::Corrupt => Found::Nothing,
            Found::Nothing | Found::Record(_) => found,
        };
        self.merge(command, incoming, found, effects);
    }

    fn merged(
        &mut self,
        own: &Bytes,
        incoming: &Bytes,
        command: &Command<A>,
    ) -> Result<Bytes, RecordError> {
        let mut record = Record::decode(own)?;
        let incoming = Record::decode(incoming)?;
        let lost = record.merge(&incoming, command.rule);
        self.counters.lost += lost as u64;
        Ok(record.encode())
    }

    pub(super) fn write(
        &mut self,
        command: &Command<A>,
        write: &ClientWrite,
        found: Found,
        effects: &mut Vec<Effect<A>>,
    ) {
        if matches!(found, Found::Corrupt) {
            // The siblings it held are not known here: another owner has to coordinate until the
            // record is repaired.
            let corrupt = ReplicaReply::Failed(ReplicaError::Corrupt);
            return answer(effects, command, corrupt);
        }
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
            // A refusal may show the siblings there are: it waits until they are synced.
            Err(error) => {
                let refused = ReplicaReply::Refused(Box::new(error));
                self.answer_once_durable(command, refused, effects);
            }
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
        let unbuffered = planted_bug::is(PlantedBug::AcknowledgeUnbuffered)
            && command.durability != Durability::Synced;
        match unbuffered || planted_bug::is(PlantedBug::AcknowledgeBeforeWrite) {
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
            self.queue(&command.key, record, ticket);
        }
    }

    /// Puts the record into the open batch, in place of an older one of the same key: a key
    /// that is written again and again costs a batch one record.
    fn queue(&mut self, key: &StoredKey, record: Bytes, ticket: Ticket) {
        let older = self.overlay.get(key).map(|unwritten| unwritten.ticket);
        self.overlay.insert(key.clone(), record.clone(), ticket);
        let Some(OpenBatch { batch, .. }) = &mut self.open else {
            return;
        };
        let (bytes, stored) = (record.len(), key.as_bytes().clone());
        let observed = self.observed.then(|| (key.clone(), record.clone()));
        let replaced = match older == Some(ticket) {
            true => batch.replace(Family::Objects, stored, record),
            false => {
                batch.put(Family::Objects, stored, record);
                0
            }
        };
        let committing = self.waiting.entry(ticket).or_default();
        if older != Some(ticket) {
            committing.keys.push(key.clone());
        }
        if let Some(observed) = observed {
            committing.observe(observed, older == Some(ticket));
        }
        committing.bytes = committing.bytes + bytes - replaced;
        self.unwritten_bytes = self.unwritten_bytes + bytes - replaced;
    }

    /// The open batch of this durability; one of another durability is submitted first, so
    /// that the order of the commands is the order of the batches.
    fn batch_for(&mut self, durability: Durability, effects: &mut Vec<Effect<A>>) -> Ticket {
        if let Some(open) = &self.open {
            if open.durability == durability {
                return open.ticket;
            }
            self.submit(effects);
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
            .filter(|_| !planted_bug::is(PlantedBug::AnswerUnsynced))
            .and_then(|ticket| self.waiting.get_mut(&ticket));
        match committing {
            Some(committing) => {
                let waiter = (command.asker.clone(), command.operation, reply);
                committing.waiters.push(waiter);
            }
            None => answer(effects, command, reply),
        }
    }
}

/// A record whose checksum holds and whose body does not was written wrong: it stays as it
/// is for the scrub to report, and the write is refused.
fn undecodable(error: RecordError) -> RequestError {
    let cause = error.to_string();
    RequestError::Malformed { kind: 0, cause }
}
