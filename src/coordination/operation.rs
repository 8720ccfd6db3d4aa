//! One operation under way: what reads, writes and forwards share.

use bytes::Bytes;

use super::effect::{Effect, LocalCommand, LocalWork};
use super::forward::ForwardState;
use super::latency::ObservedP95;
use super::machine::CoordinatorOptions;
use super::mend::MendState;
use super::peers::{NoCredit, Peers};
use super::read::ReadState;
use super::write::WriteState;
use crate::bucket::BucketDurability;
use crate::message::client::{Explain, ExplainStep, RequestError};
use crate::message::replica::{
    Address, OperationId, ReplicaAnswer, ReplicaError, ReplicaGetItem, ReplicaPutItem,
};
use crate::node::NodeId;
use crate::planted_bug::{self, PlantedBug};
use crate::quorum::{Quorum, Tally};
use crate::replica::Prepared;
use crate::ring::Target;
use crate::store::Durability;
use crate::time::Moment;
use crate::version::{ContextSecret, Digest};

/// An operation: a client that may still wait, and a state machine of its kind.
#[derive(Debug)]
pub(super) struct Operation<C> {
    pub(super) common: Common<C>,
    pub(super) state: State,
}

#[derive(Debug)]
pub(super) enum State {
    Write(WriteState),
    Read(Box<ReadState>),
    Forward(ForwardState),
    Mend(MendState),
}

#[derive(Debug)]
pub(super) struct Common<C> {
    /// Nothing once it is answered.
    pub(super) client: Option<C>,
    pub(super) target: Target,
    pub(super) quorum: Quorum,
    pub(super) started: Moment,
    pub(super) deadline: Moment,
    pub(super) explain: Option<Box<Explain>>,
    /// Bytes that count against the coordinator's limit.
    pub(super) held: usize,
    /// The owners that have a record of ours to store and have not answered.
    pub(super) puts: Places,
    /// The owners that were asked for their record and have not answered.
    pub(super) gets: Places,
    /// What one put counts in a peer's credits; fixed at the first.
    pub(super) put_bytes: usize,
    /// The owners that have said that their record is corrupt.
    pub(super) corrupt: Places,
}

/// A set of owners, by their place in the preference list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Places(u16);

impl Places {
    pub(super) fn has(self, place: usize) -> bool {
        self.0 & (1 << place) != 0
    }

    pub(super) fn add(&mut self, place: usize) {
        self.0 |= 1 << place;
    }

    /// Whether the place was in the set, which it leaves.
    pub(super) fn take(&mut self, place: usize) -> bool {
        let had = self.has(place);
        self.0 &= !(1 << place);
        had
    }

    /// The places that are not in the set, of so many.
    pub(super) fn others(self, places: usize) -> impl Iterator<Item = usize> {
        (0..places).filter(move |place| !self.has(*place))
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn count(self) -> u8 {
        u8::try_from(self.0.count_ones()).unwrap_or(u8::MAX)
    }
}

/// What an owner says.
#[derive(Debug)]
pub(super) enum Event {
    Prepared(Box<Prepared>),
    Refused(Box<RequestError>),
    Stored,
    Got(ReplicaAnswer),
    PutFailed(ReplicaError),
    GetFailed(ReplicaError),
}

impl Event {
    fn is_corrupt(&self) -> bool {
        match self {
            Self::PutFailed(error) | Self::GetFailed(error) => *error == ReplicaError::Corrupt,
            Self::Got(answer) => *answer == ReplicaAnswer::Failed(ReplicaError::Corrupt),
            Self::Prepared(_) | Self::Refused(_) | Self::Stored => false,
        }
    }
}

/// What an operation has at hand while it takes one input.
pub(super) struct Turn<'turn, C> {
    pub(super) id: OperationId,
    pub(super) node: NodeId,
    pub(super) now: Moment,
    pub(super) options: &'turn CoordinatorOptions,
    pub(super) secret: &'turn ContextSecret,
    pub(super) p95: &'turn mut ObservedP95,
    pub(super) peers: &'turn mut Peers,
    pub(super) effects: &'turn mut Vec<Effect<C>>,
}

impl<C> Operation<C> {
    pub(super) fn on_event(&mut self, from: NodeId, event: Event, turn: &mut Turn<'_, C>) {
        let Some(place) = self.common.place(from) else {
            return;
        };
        // One that is found corrupt while others are mended is left to the next who meets it: the
        // others may have answered before.
        if event.is_corrupt() && !matches!(self.state, State::Mend(_)) {
            self.common.corrupt.add(place);
        }
        match &mut self.state {
            State::Write(write) => write.on_event(&mut self.common, place, event, turn),
            State::Read(read) => read.on_event(&mut self.common, place, event, turn),
            State::Mend(mend) => mend.on_event(&mut self.common, place, event, turn),
            State::Forward(_) => {}
        }
    }

    /// An operation that met a corrupt record goes on once all else is over: see [`MendState`].
    pub(super) fn mend(&mut self, turn: &mut Turn<'_, C>) {
        if planted_bug::is(PlantedBug::LeaveTheCorrupt) {
            return;
        }
        let mends = matches!(self.state, State::Mend(_));
        if !mends && self.is_over() && !self.common.corrupt.is_empty() {
            self.state = State::Mend(MendState::start(&mut self.common, turn));
        }
    }

    /// Whether it waits for nobody and nobody waits for it.
    pub(super) fn is_over(&self) -> bool {
        let common = &self.common;
        let forwarding = matches!(&self.state, State::Forward(forward) if forward.is_under_way());
        common.client.is_none() && common.puts.is_empty() && common.gets.is_empty() && !forwarding
    }
}

impl<C> Common<C> {
    pub(super) fn place(&self, node: NodeId) -> Option<usize> {
        self.target.owners().iter().position(|owner| *owner == node)
    }

    pub(super) fn owner(&self, place: usize) -> NodeId {
        self.target.owners()[place]
    }

    /// What acknowledgements wait for: the bucket's durability, or more if the request asks
    /// for synced copies.
    pub(super) fn durability(&self) -> Durability {
        match self.target.bucket.durability {
            BucketDurability::Synced => Durability::Synced,
            BucketDurability::Buffered
                if self.quorum.dw > 0 && !planted_bug::is(PlantedBug::SyncNoCopy) =>
            {
                Durability::Synced
            }
            BucketDurability::Buffered => Durability::Buffered,
        }
    }

    /// Sends a record to an owner, or says why not.
    pub(super) fn send_put(
        &mut self,
        place: usize,
        record: &Bytes,
        turn: &mut Turn<'_, C>,
    ) -> Result<(), ReplicaError> {
        self.send_record(place, record, false, turn)
    }

    /// Sends a record that may take the place of a corrupt one, or says why not.
    pub(super) fn send_repair(
        &mut self,
        place: usize,
        record: &Bytes,
        turn: &mut Turn<'_, C>,
    ) -> Result<(), ReplicaError> {
        self.send_record(place, record, true, turn)
    }

    fn send_record(
        &mut self,
        place: usize,
        record: &Bytes,
        repair: bool,
        turn: &mut Turn<'_, C>,
    ) -> Result<(), ReplicaError> {
        let owner = self.owner(place);
        if owner == turn.node {
            self.puts.add(place);
            let work = match repair {
                true => LocalWork::Repair(record.clone()),
                false => LocalWork::Merge(record.clone()),
            };
            self.local(work, turn);
            return Ok(());
        }
        ReplicaError::unless_it_moves(record)?;
        if self.put_bytes == 0 {
            self.put_bytes = record.len();
        }
        turn.peers
            .take_replica(owner, self.put_bytes)
            .map_err(refusal)?;
        self.puts.add(place);
        let item = ReplicaPutItem {
            operation: turn.id,
            address: self.address(),
            record: record.clone(),
            synced: self.durability() == Durability::Synced,
            repair,
        };
        turn.effects.push(Effect::Put(owner, item));
        Ok(())
    }

    /// Asks an owner for its record, or says why not.
    pub(super) fn send_get(
        &mut self,
        place: usize,
        digest: Option<Digest>,
        turn: &mut Turn<'_, C>,
    ) -> Result<(), ReplicaError> {
        let owner = self.owner(place);
        if owner == turn.node {
            self.gets.add(place);
            self.local(LocalWork::Read(digest), turn);
            return Ok(());
        }
        turn.peers.take_replica(owner, 0).map_err(refusal)?;
        self.gets.add(place);
        let item = ReplicaGetItem {
            operation: turn.id,
            address: self.address(),
            digest,
        };
        turn.effects.push(Effect::Get(owner, item));
        Ok(())
    }

    pub(super) fn local(&mut self, work: LocalWork, turn: &mut Turn<'_, C>) {
        let durability = match (&work, self.target.bucket.durability, self.durability()) {
            // One owner's copy of a buffered write goes into the next group commit.
            (LocalWork::Write(_), _, Durability::Buffered) => Durability::Marked,
            (LocalWork::Read(_), BucketDurability::Buffered, _) => Durability::Buffered,
            (_, _, durability) => durability,
        };
        let command = LocalCommand {
            operation: turn.id,
            target: self.target.clone(),
            durability,
            work,
        };
        turn.effects.push(Effect::Local(Box::new(command)));
    }

    /// Takes an owner's answer to a put off the list; false if none was expected.
    pub(super) fn put_answered(&mut self, place: usize, turn: &mut Turn<'_, C>) -> bool {
        let expected = self.puts.take(place);
        let owner = self.owner(place);
        if expected && owner != turn.node {
            turn.peers.give_replica(owner, self.put_bytes);
        }
        expected
    }

    /// Takes an owner's answer to a get off the list; false if none was expected.
    pub(super) fn get_answered(&mut self, place: usize, turn: &mut Turn<'_, C>) -> bool {
        let expected = self.gets.take(place);
        let owner = self.owner(place);
        if expected && owner != turn.node {
            turn.peers.give_replica(owner, 0);
        }
        expected
    }

    pub(super) fn answer(&mut self, outcome: Result<Bytes, RequestError>, turn: &mut Turn<'_, C>) {
        if let Some(client) = self.client.take() {
            turn.effects.push(Effect::Answer(client, outcome));
        }
    }

    pub(super) fn is_answered(&self) -> bool {
        self.client.is_none()
    }

    pub(super) fn unreachable(&mut self, tally: Tally, turn: &mut Turn<'_, C>) {
        let error = RequestError::QuorumUnreachable {
            required: tally.required,
            acknowledged: tally.acknowledged,
            failed: tally.failed,
        };
        self.answer(Err(error), turn);
    }

    pub(super) fn time_out(&mut self, tally: Tally, turn: &mut Turn<'_, C>) {
        let waited = turn.now.since(self.started).as_millis();
        let error = RequestError::TimedOut {
            required: tally.required,
            acknowledged: tally.acknowledged,
            waited_ms: u32::try_from(waited).unwrap_or(u32::MAX),
        };
        self.answer(Err(error), turn);
    }

    /// Adds a line to the account, where one is kept; the step is only made then.
    pub(super) fn note(&mut self, place: usize, now: Moment, step: impl FnOnce() -> ExplainStep) {
        let node = self.owner(place);
        if let Some(explain) = &mut self.explain {
            super::explaining::note(explain, node, now.since(self.started), step());
        }
    }

    fn address(&self) -> Address {
        Address {
            bucket: self.target.bucket.id,
            key: self.target.key.clone(),
        }
    }
}

fn refusal(reason: NoCredit) -> ReplicaError {
    match reason {
        NoCredit::Down => ReplicaError::Unreachable,
        NoCredit::Spent => ReplicaError::CreditsSpent,
    }
}
