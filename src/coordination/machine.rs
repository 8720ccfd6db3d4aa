//! The coordinator of one shard: requests, answers and time in, effects out.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::effect::Effect;
use super::explaining;
use super::forward::ForwardState;
use super::latency::ObservedP95;
use super::operation::{Common, Event, Operation, Places, State, Turn};
use super::peers::{PeerCredits, Peers};
use super::plan::{Plan, Work, options};
use super::read::ReadState;
use super::request::ClientRequest;
use super::slab::Slab;
use super::write::WriteState;
use crate::clock_offset::ClockOffsets;
use crate::config::ReadFanout;
use crate::message::client::RequestError;
use crate::message::replica::{OperationId, ReplicaAnswer, ReplicaError, View};
use crate::node::{NodeId, ShardId};
use crate::replica::ReplicaReply;
use crate::ring::Ring;
use crate::time::{Moment, WallTime};
use crate::version::ContextSecret;

/// What an operator may choose.
#[derive(Clone, Copy, Debug)]
pub struct CoordinatorOptions {
    /// How many owners a read asks at first.
    pub read_fanout: ReadFanout,
    /// The soonest that other owners are asked.
    pub hedge_min: Duration,
    /// The latest.
    pub hedge_max: Duration,
}

impl CoordinatorOptions {
    pub(super) fn hedge_after(&self, p95: &ObservedP95) -> Duration {
        p95.get().clamp(self.hedge_min, self.hedge_max)
    }
}

/// What a coordinator counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CoordinatorCounters {
    /// Requests answered.
    pub answered: u64,
    /// Requests refused because too much was under way.
    pub overloaded: u64,
}

/// One shard's coordinator. `C` is a client that waits.
#[derive(Debug)]
pub struct Coordinator<C> {
    pub(super) node: NodeId,
    pub(super) ring: Arc<Ring>,
    /// Nothing: the peers were not asked yet.
    pub(super) clocks: Option<Arc<ClockOffsets>>,
    pub(super) secret: ContextSecret,
    options: CoordinatorOptions,
    pub(super) operations: Slab<Operation<C>>,
    pub(super) held: usize,
    pub(super) peers: Peers,
    p95: ObservedP95,
    counters: CoordinatorCounters,
}

impl<C> Coordinator<C> {
    /// A coordinator without operations. The start number is one that no coordinator of
    /// this process had before.
    pub fn new(
        node: NodeId,
        shard: ShardId,
        start: u32,
        ring: Arc<Ring>,
        secret: ContextSecret,
        options: CoordinatorOptions,
    ) -> Self {
        Self {
            node,
            ring,
            clocks: None,
            secret,
            options,
            operations: Slab::new(shard, start),
            held: 0,
            peers: Peers::default(),
            p95: ObservedP95::starting_at(options.hedge_max),
            counters: CoordinatorCounters::default(),
        }
    }

    /// The ring that requests from now on begin with.
    pub fn set_ring(&mut self, ring: Arc<Ring>) {
        self.ring = ring;
    }

    /// What the clocks of the peers have shown of late.
    pub fn set_clocks(&mut self, clocks: Arc<ClockOffsets>) {
        self.clocks = Some(clocks);
    }

    /// What it was told of them: it outlives the coordinator, whose next life goes on with it.
    pub fn clocks(&self) -> Option<Arc<ClockOffsets>> {
        self.clocks.clone()
    }

    /// How many operations are under way, those that only linger included.
    pub fn operations(&self) -> usize {
        self.operations.len()
    }

    /// What it has counted.
    pub fn counters(&self) -> CoordinatorCounters {
        self.counters
    }

    /// What each peer has been sent and has not answered.
    pub fn peers(&self) -> impl Iterator<Item = (NodeId, PeerCredits)> {
        self.peers.credits()
    }

    /// Begins a request.
    pub fn start(
        &mut self,
        request: ClientRequest<C>,
        now: Moment,
        wall: WallTime,
        effects: &mut Vec<Effect<C>>,
    ) {
        let plan = self.plan(&request, now, wall);
        let before = effects.len();
        match plan {
            Ok(plan) => self.begin(request, plan, now, effects),
            Err(error) => effects.push(Effect::Answer(request.client, Err(error))),
        }
        self.count(&effects[before..]);
    }

    /// Takes an answer of this shard's own replica.
    pub fn on_local(
        &mut self,
        id: OperationId,
        reply: ReplicaReply,
        now: Moment,
        effects: &mut Vec<Effect<C>>,
    ) {
        let event = match reply {
            ReplicaReply::Prepared(prepared) => Event::Prepared(prepared),
            ReplicaReply::Refused(error) => Event::Refused(error),
            ReplicaReply::Stored => Event::Stored,
            ReplicaReply::Got(answer) => Event::Got(answer),
            ReplicaReply::Failed(error) => return self.failed(self.node, id, error, now, effects),
        };
        self.event(self.node, id, event, now, effects);
    }

    /// Another owner has stored a record, or not.
    pub fn on_stored(
        &mut self,
        from: NodeId,
        view: View,
        id: OperationId,
        outcome: Result<(), ReplicaError>,
        now: Moment,
        effects: &mut Vec<Effect<C>>,
    ) {
        let event = match outcome {
            // Stored under a newer layout than the request began with: kept, not counted.
            Ok(()) if view > self.ring.layout().view() => Event::PutFailed(ReplicaError::NotOwner),
            Ok(()) => Event::Stored,
            // A replica does not say which of the two it failed at.
            Err(error) => return self.failed(from, id, error, now, effects),
        };
        self.event(from, id, event, now, effects);
    }

    /// Another owner has answered with its record.
    pub fn on_got(
        &mut self,
        from: NodeId,
        id: OperationId,
        answer: ReplicaAnswer,
        now: Moment,
        effects: &mut Vec<Effect<C>>,
    ) {
        self.event(from, id, Event::Got(answer), now, effects);
    }

    /// A node that coordinated a forwarded request has answered.
    pub fn on_forwarded(
        &mut self,
        from: NodeId,
        id: OperationId,
        outcome: Result<Bytes, RequestError>,
        now: Moment,
        effects: &mut Vec<Effect<C>>,
    ) {
        self.turn(id, now, effects, |operation, turn| {
            if let State::Forward(forward) = &mut operation.state {
                forward.on_outcome(&mut operation.common, from, outcome, turn);
            }
        });
    }

    /// A link to a peer is up.
    pub fn on_peer_up(&mut self, peer: NodeId) {
        self.peers.up(peer);
    }

    /// The link to a peer went down: nothing that it was asked will be answered.
    pub fn on_peer_down(&mut self, peer: NodeId, now: Moment, effects: &mut Vec<Effect<C>>) {
        // First of all, or an operation that is told could turn to the same peer again.
        self.peers.down(peer);
        let waits = |operation: &Operation<C>| match &operation.state {
            State::Forward(_) => true,
            State::Write(_) | State::Read(_) | State::Mend(_) => {
                operation.common.place(peer).is_some()
            }
        };
        for id in self.operations.ids_where(waits) {
            self.turn(id, now, effects, |operation, turn| {
                if let State::Forward(forward) = &mut operation.state {
                    forward.on_peer_down(&mut operation.common, peer, turn);
                }
                operation.on_event(peer, Event::PutFailed(ReplicaError::Unreachable), turn);
                operation.on_event(peer, Event::GetFailed(ReplicaError::Unreachable), turn);
            });
        }
    }

    /// This shard's replica was restarted: what it held is lost.
    pub fn on_replica_restarted(&mut self, now: Moment, effects: &mut Vec<Effect<C>>) {
        let node = self.node;
        for id in self.operations.ids_where(|_| true) {
            self.failed(node, id, ReplicaError::Restarted, now, effects);
        }
    }

    /// Answers what has waited too long and hedges slow reads. Call it every few
    /// milliseconds.
    pub fn sweep(&mut self, now: Moment, effects: &mut Vec<Effect<C>>) {
        let due = |operation: &Operation<C>| {
            let late = operation.common.deadline <= now;
            let reading = matches!(operation.state, State::Read(_));
            !operation.common.is_answered() && (late || reading)
        };
        for id in self.operations.ids_where(due) {
            self.turn(id, now, effects, |operation, turn| operation.on_time(turn));
        }
    }

    fn failed(
        &mut self,
        from: NodeId,
        id: OperationId,
        error: ReplicaError,
        now: Moment,
        effects: &mut Vec<Effect<C>>,
    ) {
        // An operation waits for a node's put, its get, or both; the one it does not wait
        // for is not on its list and changes nothing.
        self.event(from, id, Event::PutFailed(error.clone()), now, effects);
        self.event(from, id, Event::GetFailed(error), now, effects);
    }

    fn event(
        &mut self,
        from: NodeId,
        id: OperationId,
        event: Event,
        now: Moment,
        effects: &mut Vec<Effect<C>>,
    ) {
        self.turn(id, now, effects, |operation, turn| {
            operation.on_event(from, event, turn);
        });
    }

    /// Lets an operation take an input, and drops it when it is over.
    fn turn(
        &mut self,
        id: OperationId,
        now: Moment,
        effects: &mut Vec<Effect<C>>,
        step: impl FnOnce(&mut Operation<C>, &mut Turn<'_, C>),
    ) {
        let before = effects.len();
        let Some(operation) = self.operations.get_mut(id) else {
            return;
        };
        let mut turn = Turn {
            id,
            node: self.node,
            now,
            options: &self.options,
            secret: &self.secret,
            p95: &mut self.p95,
            peers: &mut self.peers,
            effects,
        };
        let held = operation.common.held;
        step(operation, &mut turn);
        // A read holds what was read for it.
        self.held += operation.common.held.saturating_sub(held);
        if operation.common.is_answered() {
            self.held -= std::mem::take(&mut operation.common.held);
        }
        operation.mend(&mut turn);
        if operation.is_over() {
            self.operations.remove(id);
        }
        self.count(&effects[before..]);
    }

    fn count(&mut self, effects: &[Effect<C>]) {
        for effect in effects {
            if let Effect::Answer(_, outcome) = effect {
                let overloaded = matches!(outcome, Err(RequestError::Overloaded { .. }));
                self.counters.answered += u64::from(!overloaded);
                self.counters.overloaded += u64::from(overloaded);
            }
        }
    }

    fn begin(
        &mut self,
        request: ClientRequest<C>,
        plan: Plan,
        now: Moment,
        effects: &mut Vec<Effect<C>>,
    ) {
        let Plan {
            target,
            quorum,
            work,
        } = plan;
        let forwarded_by = request.forwarded_by;
        let view = self.ring.layout().view();
        let explain = options(&request.demand).explain.then(|| {
            let required = if matches!(work, Work::Read(_)) {
                quorum.r
            } else {
                quorum.w.max(quorum.dw)
            };
            explaining::begin(self.node, forwarded_by, &target, view, required)
        });
        let held = request.demand.len();
        self.held += held;
        let common = Common {
            client: Some(request.client),
            target,
            quorum,
            started: now,
            deadline: request.deadline,
            explain,
            held,
            puts: Places::default(),
            gets: Places::default(),
            put_bytes: 0,
            corrupt: Places::default(),
        };
        let state = State::Forward(ForwardState::empty());
        let id = self.operations.insert(Operation { common, state });
        let demand = request.demand;
        self.turn(id, now, effects, |operation, turn| {
            let common = &mut operation.common;
            operation.state = match work {
                Work::Read(seen) => {
                    State::Read(Box::new(ReadState::start(common, seen.history, turn)))
                }
                Work::Write(write) => State::Write(WriteState::start(common, *write, turn)),
                Work::Forward => State::Forward(ForwardState::start(common, demand.call(), turn)),
            };
        });
    }
}

impl<C> Operation<C> {
    fn on_time(&mut self, turn: &mut Turn<'_, C>) {
        let late = self.common.deadline <= turn.now;
        match &mut self.state {
            State::Read(read) if late => read.time_out(&mut self.common, turn),
            State::Read(read) => read.hedge(&mut self.common, turn),
            State::Write(write) if late => write.time_out(&mut self.common, turn),
            State::Forward(forward) if late => forward.time_out(&mut self.common, turn),
            State::Write(_) | State::Forward(_) | State::Mend(_) => {}
        }
    }
}
