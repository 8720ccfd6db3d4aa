//! The actor around a shard's replica.
//!
//! It hands batches to the committer and takes its completions. When it dies what it held
//! unacknowledged is lost with it: it starts again from the store with a fresh origin, once
//! the committer has written what is queued, and its coordinator is told.

use std::sync::{Arc, Weak};

use actix::{Actor, Addr, AsyncContext, Context, Handler, Message, Supervised};
use cartwheel::entropy::Entropy;
use cartwheel::extension::Accepted;
use cartwheel::node::ShardId;
use cartwheel::planted_bug::{self, PlantedBug};
use cartwheel::replica::{Command, Effect, Replica, ReplicaCounters};
use cartwheel::store::{Batch, Completion, Durability, Family, Submission, Ticket};
use cartwheel::version::ContextSecret;

use crate::completions::{Completions, Sink};
use crate::coordinator::{CoordinatorActor, ReplicaRestarted};
use crate::extension::Observers;
use crate::mailbox::post;
use crate::outbox::Outbox;
use crate::replica_answers::Answers;
use crate::shell::Shell;
use crate::trip_wire::{Amid, pass};

/// Who asks a replica.
#[derive(Clone, Debug)]
pub enum Asker {
    /// The coordinator of its own shard.
    Coordinator,
    /// A coordinator of another node, over this connection.
    Peer(Arc<Outbox>),
}

/// What a replica is given.
#[derive(Clone)]
pub struct ReplicaParts {
    /// The shard.
    pub shard: ShardId,
    /// The cluster's secret.
    pub secret: ContextSecret,
    /// Bytes of records that it keeps in memory.
    pub cache_bytes: usize,
    /// The ring, for the view that answers carry.
    pub ring: crate::ring::SharedRing,
    /// What surrounds the node.
    pub shell: Shell,
    /// Who hears of each record that is accepted.
    pub(crate) observers: Observers,
    /// Told when the store has failed for good.
    pub store_failed: Arc<dyn Fn(&str) + Send + Sync>,
}

/// Holds the records of one shard.
pub struct ReplicaActor {
    parts: ReplicaParts,
    machine: Replica<Asker>,
    entropy: Box<dyn Entropy + Send>,
    coordinator: Option<Addr<CoordinatorActor>>,
    effects: Vec<Effect<Asker>>,
    flushing: bool,
    /// Set while a restart waits for the committer: commands wait with it.
    draining: Option<Draining>,
    /// The connections that have asked: if this replica dies, they get no answers.
    askers: Vec<Weak<Outbox>>,
}

/// A restart that waits until all that the earlier life has queued is written.
struct Draining {
    ticket: Ticket,
    waiting: Vec<Command<Asker>>,
}

impl ReplicaActor {
    /// A replica that knows nothing but its store.
    pub fn new(parts: ReplicaParts) -> Self {
        let mut entropy = parts.shell.entropy.fork();
        Self {
            machine: machine(&parts, &mut *entropy),
            parts,
            entropy,
            coordinator: None,
            effects: Vec::new(),
            flushing: false,
            draining: None,
            askers: Vec::new(),
        }
    }

    fn attach(&self, context: &mut Context<Self>) {
        let sink = Sink(context.address());
        self.parts
            .shell
            .store
            .attach(self.parts.shard, Arc::new(sink));
    }

    fn execute(&mut self, commands: Vec<Command<Asker>>) {
        commands
            .iter()
            .for_each(|command| self.remember(&command.asker));
        if let Some(draining) = &mut self.draining {
            return draining.waiting.extend(commands);
        }
        for command in commands {
            pass(Amid::ReplicaCommands);
            let store = &*self.parts.shell.store;
            self.machine
                .execute(command, store, &mut *self.entropy, &mut self.effects);
        }
    }

    fn has_drained(&self, completion: &Completion) -> bool {
        let wanted = self.draining.as_ref().map(|draining| draining.ticket);
        matches!(completion, Completion::Committed { ticket } if Some(*ticket) == wanted)
    }

    fn remember(&mut self, asker: &Asker) {
        let Asker::Peer(outbox) = asker else {
            return;
        };
        let known = |known: &Weak<Outbox>| known.as_ptr() == Arc::as_ptr(outbox);
        if !self.askers.iter().any(known) {
            self.askers.retain(|asker| asker.strong_count() > 0);
            self.askers.push(Arc::downgrade(outbox));
        }
    }

    fn flush_soon(&mut self, context: &mut Context<Self>) {
        if !self.flushing {
            self.flushing = true;
            // Handled when the mailbox is drained: one batch a burst.
            context.notify(Flush);
        }
    }

    fn flush(&mut self) {
        self.flushing = false;
        self.machine.flush(&mut self.effects);
        let mut answers = Answers::default();
        let (shard, mut accepted) = (self.parts.shard, Vec::new());
        for effect in self.effects.drain(..) {
            pass(Amid::ReplicaEffects);
            match effect {
                Effect::Submit(submission) => self.parts.shell.store.submit(submission),
                Effect::Load { ticket, key } => {
                    let key = key.as_bytes().clone();
                    self.parts
                        .shell
                        .store
                        .load(shard, ticket, Family::Objects, key);
                }
                Effect::Accepted { key, record } => accepted.push(Accepted {
                    shard,
                    stored: key,
                    encoded: record,
                }),
                Effect::Answer {
                    asker,
                    operation,
                    reply,
                } => {
                    answers.push(asker, operation, reply);
                }
            }
        }
        pass(Amid::ReplicaEffects);
        // Before the answers: whoever has one finds its write on the way to the observers.
        self.parts.observers.offer(&accepted);
        let view = self.parts.ring.current().layout().view();
        answers.leave(view, self.coordinator.as_ref());
    }
}

fn machine(parts: &ReplicaParts, entropy: &mut dyn Entropy) -> Replica<Asker> {
    let secret = parts.secret.clone();
    let machine = Replica::new(parts.shard, secret, parts.cache_bytes, entropy);
    match parts.observers.is_empty() {
        true => machine,
        false => machine.observed(),
    }
}

impl Actor for ReplicaActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        self.attach(context);
        if let Some(Draining { ticket, .. }) = self.draining {
            // Completes behind everything that the shard's earlier lives have queued.
            self.parts.shell.store.submit(Submission {
                shard: self.parts.shard,
                ticket,
                batch: Batch::new(),
                durability: Durability::Synced,
            });
        }
    }
}

impl Supervised for ReplicaActor {
    fn restarting(&mut self, _: &mut Self::Context) {
        let coordinator = self.coordinator.take();
        // Peers wait for answers that are lost: their links end, and they know.
        let askers = std::mem::take(&mut self.askers);
        askers
            .iter()
            .filter_map(Weak::upgrade)
            .for_each(|outbox| outbox.close());
        let earlier = std::mem::replace(self, Self::new(self.parts.clone()));
        if planted_bug::is(PlantedBug::KeepTheQueue) {
            self.machine = earlier.machine;
        }
        let (ticket, waiting) = (self.machine.ticket(), Vec::new());
        self.draining = Some(Draining { ticket, waiting });
        if let Some(coordinator) = &coordinator {
            post(coordinator, ReplicaRestarted);
        }
        self.coordinator = coordinator;
    }
}

impl Handler<Completions> for ReplicaActor {
    type Result = ();

    fn handle(&mut self, Completions(completions): Completions, context: &mut Self::Context) {
        for completion in completions {
            pass(Amid::ReplicaCompletions);
            if self.has_drained(&completion) {
                self.parts.observers.replica_restarted();
                let waiting = self.draining.take().map(|draining| draining.waiting);
                self.execute(waiting.unwrap_or_default());
            } else {
                // One of an earlier life has a ticket that this one does not know.
                let effects = &mut self.effects;
                self.machine
                    .complete(completion, &mut *self.entropy, effects);
            }
        }
        self.flush_soon(context);
        if let Some(error) = self.machine.failure() {
            (self.parts.store_failed)(&error.to_string());
        }
    }
}

/// Commands for keys of this shard.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Commands(pub Vec<Command<Asker>>);

impl Handler<Commands> for ReplicaActor {
    type Result = ();

    fn handle(&mut self, Commands(commands): Commands, context: &mut Self::Context) {
        self.execute(commands);
        self.flush_soon(context);
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Flush;

impl Handler<Flush> for ReplicaActor {
    type Result = ();

    fn handle(&mut self, _: Flush, _: &mut Self::Context) {
        self.flush();
    }
}

/// Tells a replica its coordinator, once both exist.
#[derive(Message)]
#[rtype(result = "()")]
pub struct MeetCoordinator(pub Addr<CoordinatorActor>);

impl Handler<MeetCoordinator> for ReplicaActor {
    type Result = ();

    fn handle(&mut self, MeetCoordinator(coordinator): MeetCoordinator, _: &mut Self::Context) {
        self.coordinator = Some(coordinator);
    }
}

/// Asks for the replica's state.
#[derive(Message)]
#[rtype(result = "ReplicaState")]
pub struct InspectReplica;

/// A replica's state.
#[derive(Clone, Debug, actix::MessageResponse)]
pub struct ReplicaState {
    /// The origin of its next dot.
    pub origin: String,
    /// Records that wait for the committer.
    pub unwritten: usize,
    /// What it has counted.
    pub counters: ReplicaCounters,
}

impl Handler<InspectReplica> for ReplicaActor {
    type Result = ReplicaState;

    fn handle(&mut self, _: InspectReplica, _: &mut Self::Context) -> ReplicaState {
        ReplicaState {
            origin: self.machine.origin().to_string(),
            unwritten: self.machine.unwritten(),
            counters: self.machine.counters(),
        }
    }
}
