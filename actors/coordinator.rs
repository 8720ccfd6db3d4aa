//! The actor around a shard's coordinator.
//!
//! It translates messages into inputs, gathers the effects of a burst, and sends them once
//! per burst: a batch a peer, a list of commands for the replica. When it dies its operations
//! are lost: their clients get `Restarted`, and retries with the same request id are safe.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Addr, AsyncContext, Context, Handler, Message, Supervised};
use bytes::Bytes;
use cartwheel::clock_offset::ClockOffsets;
use cartwheel::coordination::{
    ClientRequest, Coordinator, CoordinatorCounters, CoordinatorOptions, Effect, LocalCommand,
    LocalWork, PeerCredits,
};
use cartwheel::message::client::RequestError;
use cartwheel::message::replica::{
    Forwarded, OperationId, ReplicaError, ReplicaGot, ReplicaStored,
};
use cartwheel::node::{NodeId, ShardId};
use cartwheel::replica::{Action, Command, ReplicaReply};
use cartwheel::ring::Ring;
use cartwheel::version::ContextSecret;

use crate::bridge::Link;
use crate::client::{Client, ForwardedBurst};
use crate::departures::Departures;
use crate::mailbox::post;
use crate::replica::{Asker, Commands, ReplicaActor};
use crate::shell::Clock;
use crate::start_numbers::StartNumbers;
use crate::trip_wire::{Amid, pass};

/// What a coordinator is given.
#[derive(Clone)]
pub struct CoordinatorParts {
    /// This node.
    pub node: NodeId,
    /// The shard.
    pub shard: ShardId,
    /// Where its start numbers come from.
    pub starts: Arc<StartNumbers>,
    /// The ring it begins with.
    pub ring: crate::ring::SharedRing,
    /// The cluster's secret.
    pub secret: ContextSecret,
    /// What the operator chose.
    pub options: CoordinatorOptions,
    /// The time between two sweeps.
    pub sweep: Duration,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The shard's replica.
    pub replica: Addr<ReplicaActor>,
    /// The shard's links.
    pub links: BTreeMap<NodeId, Arc<Link>>,
}

/// Runs the requests of one shard.
pub struct CoordinatorActor {
    parts: CoordinatorParts,
    machine: Coordinator<Client>,
    effects: Vec<Effect<Client>>,
    departures: Departures,
    local: Vec<Command<Asker>>,
    forwarded: ForwardedBurst,
    flushing: bool,
}

impl CoordinatorActor {
    /// A coordinator without operations.
    pub fn new(parts: CoordinatorParts) -> Self {
        Self {
            machine: machine(&parts),
            parts,
            effects: Vec::new(),
            departures: Departures::default(),
            local: Vec::new(),
            forwarded: ForwardedBurst::default(),
            flushing: false,
        }
    }

    /// Carries out what the machine wants; what leaves in batches waits for the burst's end.
    fn carry_out(&mut self, context: &mut Context<Self>) {
        let mut effects = std::mem::take(&mut self.effects);
        for effect in effects.drain(..) {
            pass(Amid::CoordinatorEffects);
            match effect {
                Effect::Local(command) => self.local.push(local_command(*command)),
                Effect::Put(peer, item) => self.departures.put(peer, item),
                Effect::Get(peer, item) => self.departures.get(peer, item),
                Effect::Forward(peer, item) => self.departures.forward(peer, item),
                Effect::Answer(client, outcome) => client.answer_in(&mut self.forwarded, outcome),
            }
        }
        self.effects = effects;
        self.forwarded.leave();
        let waiting = !self.local.is_empty() || !self.departures.is_empty();
        if waiting && !self.flushing {
            self.flushing = true;
            // Handled when the mailbox is drained: once per burst, and at once when idle.
            context.notify(Flush);
        }
    }

    fn flush(&mut self, context: &mut Context<Self>) {
        self.flushing = false;
        if !self.local.is_empty() {
            post(
                &self.parts.replica,
                Commands(std::mem::take(&mut self.local)),
            );
        }
        let view = self.parts.ring.current().layout().view();
        let unsent = self.departures.leave(view, &self.parts.links);
        if !unsent.is_empty() {
            let now = self.parts.clock.now();
            for peer in unsent {
                self.machine.on_peer_down(peer, now, &mut self.effects);
            }
            self.carry_out(context);
        }
    }
}

fn machine(parts: &CoordinatorParts) -> Coordinator<Client> {
    let mut machine = Coordinator::new(
        parts.node,
        parts.shard,
        parts.starts.next(),
        parts.ring.current(),
        parts.secret.clone(),
        parts.options,
    );
    // After a restart nobody tells again which links are up.
    let up = parts.links.values().filter(|link| link.is_up());
    up.for_each(|link| machine.on_peer_up(link.peer()));
    machine
}

fn local_command(command: LocalCommand) -> Command<Asker> {
    let LocalCommand {
        operation,
        target,
        durability,
        work,
    } = command;
    Command {
        asker: Asker::Coordinator,
        operation,
        key: target.stored,
        rule: target.bucket.conflict,
        durability,
        action: match work {
            LocalWork::Write(write) => Action::Write(write),
            LocalWork::Merge(record) => Action::Merge(record),
            LocalWork::Repair(record) => Action::Repair(record),
            LocalWork::Read(digest) => Action::Read(digest),
        },
    }
}

impl Actor for CoordinatorActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.run_interval(self.parts.sweep, |actor, context| {
            let now = actor.parts.clock.now();
            actor.machine.sweep(now, &mut actor.effects);
            actor.carry_out(context);
        });
    }
}

impl Supervised for CoordinatorActor {
    fn restarting(&mut self, _: &mut Self::Context) {
        // Clients that waited are told by their own drop.
        let clocks = self.machine.clocks();
        *self = Self::new(self.parts.clone());
        if let Some(clocks) = clocks {
            self.machine.set_clocks(clocks);
        }
    }
}

/// Client requests for keys of this shard.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Requests(pub Vec<ClientRequest<Client>>);

impl Handler<Requests> for CoordinatorActor {
    type Result = ();

    fn handle(&mut self, Requests(requests): Requests, context: &mut Self::Context) {
        let (now, wall) = (self.parts.clock.now(), self.parts.clock.wall());
        for request in requests {
            pass(Amid::CoordinatorRequests);
            self.machine.start(request, now, wall, &mut self.effects);
        }
        self.carry_out(context);
    }
}

/// Answers of this shard's replica.
#[derive(Message)]
#[rtype(result = "()")]
pub struct LocalReplies(pub Vec<(OperationId, ReplicaReply)>);

impl Handler<LocalReplies> for CoordinatorActor {
    type Result = ();

    fn handle(&mut self, LocalReplies(replies): LocalReplies, context: &mut Self::Context) {
        let now = self.parts.clock.now();
        for (operation, reply) in replies {
            pass(Amid::CoordinatorAnswers);
            self.machine
                .on_local(operation, reply, now, &mut self.effects);
        }
        self.carry_out(context);
    }
}

/// This shard's replica was restarted and has forgotten what it was asked.
#[derive(Message)]
#[rtype(result = "()")]
pub struct ReplicaRestarted;

impl Handler<ReplicaRestarted> for CoordinatorActor {
    type Result = ();

    fn handle(&mut self, _: ReplicaRestarted, context: &mut Self::Context) {
        let now = self.parts.clock.now();
        self.machine.on_replica_restarted(now, &mut self.effects);
        self.carry_out(context);
    }
}

/// The ring has changed.
#[derive(Message)]
#[rtype(result = "()")]
pub struct RingChanged(pub Arc<Ring>);

impl Handler<RingChanged> for CoordinatorActor {
    type Result = ();

    fn handle(&mut self, RingChanged(ring): RingChanged, _: &mut Self::Context) {
        self.machine.set_ring(ring);
    }
}

/// What the clocks of the peers have shown of late.
#[derive(Message)]
#[rtype(result = "()")]
pub struct ClocksChanged(pub Arc<ClockOffsets>);

impl Handler<ClocksChanged> for CoordinatorActor {
    type Result = ();

    fn handle(&mut self, ClocksChanged(clocks): ClocksChanged, _: &mut Self::Context) {
        self.machine.set_clocks(clocks);
    }
}

/// What comes from a peer over a link.
#[derive(Message)]
#[rtype(result = "()")]
pub enum PeerEvent {
    /// The link is up.
    Up(NodeId),
    /// The link is down; what was under way on it has no answer.
    Down(NodeId),
    /// Records were stored, or not.
    Stored(NodeId, ReplicaStored),
    /// Records were read.
    Got(NodeId, ReplicaGot),
    /// Forwarded requests were answered.
    Forwarded(NodeId, Forwarded),
}

impl PeerEvent {
    /// How many outstanding items it closes.
    pub fn items(&self) -> usize {
        match self {
            Self::Up(_) | Self::Down(_) => 0,
            Self::Stored(_, stored) => stored.stored.len() + stored.failed.len(),
            Self::Got(_, got) => got.items.len(),
            Self::Forwarded(_, forwarded) => forwarded.items.len(),
        }
    }

    /// The part of it that concerns one shard.
    pub fn only_for(&self, shard: usize) -> Self {
        let mine = |operation: &OperationId| usize::from(operation.shard) == shard;
        match self {
            Self::Up(peer) => Self::Up(*peer),
            Self::Down(peer) => Self::Down(*peer),
            Self::Stored(peer, stored) => {
                let mut stored = stored.clone();
                stored.stored.retain(mine);
                stored.failed.retain(|(operation, _)| mine(operation));
                Self::Stored(*peer, stored)
            }
            Self::Got(peer, got) => {
                let mut got = got.clone();
                got.items.retain(|(operation, _)| mine(operation));
                Self::Got(*peer, got)
            }
            Self::Forwarded(peer, forwarded) => {
                let mut forwarded = forwarded.clone();
                forwarded.items.retain(|item| mine(&item.operation));
                Self::Forwarded(*peer, forwarded)
            }
        }
    }
}

impl Handler<PeerEvent> for CoordinatorActor {
    type Result = ();

    fn handle(&mut self, event: PeerEvent, context: &mut Self::Context) {
        let now = self.parts.clock.now();
        match event {
            PeerEvent::Up(peer) => self.machine.on_peer_up(peer),
            PeerEvent::Down(peer) => self.machine.on_peer_down(peer, now, &mut self.effects),
            PeerEvent::Stored(peer, stored) => self.stored(peer, stored),
            PeerEvent::Got(peer, got) => {
                for (operation, answer) in got.items {
                    pass(Amid::CoordinatorAnswers);
                    self.machine
                        .on_got(peer, operation, answer, now, &mut self.effects);
                }
            }
            PeerEvent::Forwarded(peer, Forwarded { items }) => {
                for item in items {
                    pass(Amid::CoordinatorAnswers);
                    let (operation, outcome) = (item.operation, item.outcome);
                    let effects = &mut self.effects;
                    self.machine
                        .on_forwarded(peer, operation, outcome, now, effects);
                }
            }
        }
        self.carry_out(context);
    }
}

impl CoordinatorActor {
    fn stored(&mut self, peer: NodeId, answer: ReplicaStored) {
        let (now, view) = (self.parts.clock.now(), answer.view);
        let stored = answer
            .stored
            .into_iter()
            .map(|operation| (operation, Ok(())));
        let failed = answer.failed.into_iter();
        let failed = failed.map(|(operation, error): (_, ReplicaError)| (operation, Err(error)));
        for (operation, outcome) in stored.chain(failed) {
            pass(Amid::CoordinatorAnswers);
            let effects = &mut self.effects;
            self.machine
                .on_stored(peer, view, operation, outcome, now, effects);
        }
    }
}

/// The end of a burst.
#[derive(Message)]
#[rtype(result = "()")]
struct Flush;

impl Handler<Flush> for CoordinatorActor {
    type Result = ();

    fn handle(&mut self, _: Flush, context: &mut Self::Context) {
        self.flush(context);
    }
}

/// Asks for the coordinator's state.
#[derive(Message)]
#[rtype(result = "CoordinatorState")]
pub struct InspectCoordinator;

/// A coordinator's state.
#[derive(Clone, Debug, actix::MessageResponse)]
pub struct CoordinatorState {
    /// Operations under way.
    pub operations: usize,
    /// What it has counted.
    pub counters: CoordinatorCounters,
    /// What each peer has not answered.
    pub peers: Vec<(NodeId, PeerCredits)>,
}

impl Handler<InspectCoordinator> for CoordinatorActor {
    type Result = CoordinatorState;

    fn handle(&mut self, _: InspectCoordinator, _: &mut Self::Context) -> CoordinatorState {
        CoordinatorState {
            operations: self.machine.operations(),
            counters: self.machine.counters(),
            peers: self.machine.peers().collect(),
        }
    }
}

/// A shard's coordinator as others see it.
#[derive(Clone)]
pub struct CoordinatorAddress(pub Addr<CoordinatorActor>);

impl CoordinatorAddress {
    /// Hands over requests; the sender's credits bound them.
    pub fn requests(&self, requests: Vec<ClientRequest<Client>>) {
        post(&self.0, Requests(requests));
    }

    /// Hands over what the peers' clocks have shown: once in a round of questions.
    pub fn clocks(&self, clocks: Arc<ClockOffsets>) {
        post(&self.0, ClocksChanged(clocks));
    }

    /// Hands over what came from a peer; this node's credits at the peer bound it.
    pub fn peer_event(&self, event: PeerEvent) {
        post(&self.0, event);
    }
}

/// What a client that was dropped without an answer gets.
pub(crate) fn restarted(node: NodeId) -> Result<Bytes, RequestError> {
    Err(RequestError::Restarted { node })
}
