//! One node: its store, its replica and its coordinator, with a shell that does as told.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use cartwheel::coordination::{
    ClientRequest, Coordinator, CoordinatorOptions, Effect as Wish, LocalCommand, LocalWork,
};
use cartwheel::entropy::Entropy;
use cartwheel::message::replica::View;
use cartwheel::node::{NodeId, ShardId};
use cartwheel::replica::{Action, Command, Effect, Replica, ReplicaReply};
use cartwheel::ring::Ring;
use cartwheel::store::{
    Committer, Completion, CompletionSink, Durability, Family, MemoryMode, MemoryStore,
    ReplicaStore, StoredKey,
};
use cartwheel::time::{Moment, WallTime};
use cartwheel::version::ContextSecret;

use super::message::{Body, Message};
use super::{Answered, CallId};

const SHARD: ShardId = ShardId(0);

/// So few that some records are found in memory and others in the store.
const CACHE_BYTES: usize = 2_000;

/// Who asks a replica.
#[derive(Clone, Copy, Debug)]
pub enum Asker {
    Own,
    Peer(NodeId),
}

/// What all nodes share.
pub struct Surroundings {
    pub ring: Arc<Ring>,
    pub secret: ContextSecret,
    pub options: CoordinatorOptions,
    pub random: Random,
    pub now: Moment,
}

/// Random names have no order in time, and are the same in every run.
pub struct Random(pub u64);

impl Entropy for Random {
    fn next_u64(&mut self) -> u64 {
        self.0 += 1;
        self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// A node that runs.
pub struct Node {
    pub id: NodeId,
    pub store: Arc<MemoryStore>,
    pub coordinator: Coordinator<CallId>,
    replica: Replica<Asker>,
    inbox: Arc<Inbox>,
    starts: u32,
    down: BTreeSet<NodeId>,
    skew_ms: u64,
}

/// What a node's inputs lead to outside of it.
#[derive(Default)]
pub struct Outcome {
    pub messages: Vec<Message>,
    pub answers: Vec<(CallId, Answered)>,
}

#[derive(Default)]
struct Inbox(Mutex<Vec<Completion>>);

impl CompletionSink for Inbox {
    fn complete(&self, completions: Vec<Completion>) {
        self.0
            .lock()
            .expect("no test panics here")
            .extend(completions);
    }
}

impl Node {
    /// A node on an empty store; its wall clock is so far ahead.
    pub fn new(id: NodeId, skew_ms: u64, around: &mut Surroundings) -> Self {
        let store = Arc::new(MemoryStore::new(MemoryMode::Manual));
        let mut node = Self {
            id,
            store,
            coordinator: coordinator(id, 0, around),
            replica: Replica::new(
                SHARD,
                around.secret.clone(),
                CACHE_BYTES,
                &mut around.random,
            ),
            inbox: Arc::default(),
            starts: 0,
            down: BTreeSet::new(),
            skew_ms,
        };
        node.start(around);
        node
    }

    /// Starts again, as after a crash: nothing but the store is left.
    pub fn start(&mut self, around: &mut Surroundings) {
        self.starts += 1;
        self.inbox = Arc::default();
        self.store.attach(SHARD, self.inbox.clone());
        self.coordinator = coordinator(self.id, self.starts, around);
        self.replica = Replica::new(
            SHARD,
            around.secret.clone(),
            CACHE_BYTES,
            &mut around.random,
        );
        let members = around
            .ring
            .layout()
            .members()
            .iter()
            .map(|member| member.node);
        for peer in members.filter(|peer| *peer != self.id && !self.down.contains(peer)) {
            self.coordinator.on_peer_up(peer);
        }
    }

    /// Whether the store has failed, so that the node has to start again.
    pub fn has_failed(&self) -> bool {
        self.replica.failure().is_some()
    }

    /// A link went down or came up.
    pub fn link(&mut self, peer: NodeId, up: bool, around: &mut Surroundings) -> Outcome {
        let mut wishes = Vec::new();
        if up {
            self.down.remove(&peer);
            self.coordinator.on_peer_up(peer);
        } else {
            self.down.insert(peer);
            self.coordinator.on_peer_down(peer, around.now, &mut wishes);
        }
        self.carry_out(wishes, around)
    }

    /// Begins a client's request.
    pub fn request(
        &mut self,
        request: ClientRequest<CallId>,
        around: &mut Surroundings,
    ) -> Outcome {
        let mut wishes = Vec::new();
        let wall = WallTime(around.now.as_micros() / 1000 + self.skew_ms);
        self.coordinator
            .start(request, around.now, wall, &mut wishes);
        self.carry_out(wishes, around)
    }

    /// Time passes.
    pub fn sweep(&mut self, around: &mut Surroundings) -> Outcome {
        let mut wishes = Vec::new();
        self.coordinator.sweep(around.now, &mut wishes);
        self.carry_out(wishes, around)
    }

    /// Takes a message from a peer.
    pub fn receive(&mut self, message: Message, around: &mut Surroundings) -> Outcome {
        let (from, mut wishes) = (message.from, Vec::new());
        let now = around.now;
        match message.body {
            Body::Put(item) => {
                let durability = match item.synced {
                    true => Durability::Synced,
                    false => Durability::Buffered,
                };
                let action = Action::of_put(item.record, item.repair);
                return self.serve(from, item.operation, durability, action, around);
            }
            Body::Get(item) => {
                let action = Action::Read(item.digest);
                return self.serve(from, item.operation, Durability::Synced, action, around);
            }
            Body::Forward(item) => return self.forwarded(from, &item, around),
            Body::Stored(id, outcome) => {
                self.coordinator
                    .on_stored(from, VIEW, id, outcome, now, &mut wishes);
            }
            Body::Got(id, answer) => self.coordinator.on_got(from, id, answer, now, &mut wishes),
            Body::Forwarded(id, outcome) => {
                self.coordinator
                    .on_forwarded(from, id, outcome, now, &mut wishes);
            }
        }
        self.carry_out(wishes, around)
    }

    /// Lets the store write what is queued, and sync it if asked to.
    pub fn commit(&mut self, sync: bool, around: &mut Surroundings) -> Outcome {
        let mut effects = Vec::new();
        self.replica.flush(&mut effects);
        let mut outcome = Outcome::default();
        self.effects(effects, &mut outcome, around);
        self.store.read_queued();
        self.store.write_queued();
        if sync {
            self.store.sync();
        }
        let completions = std::mem::take(&mut *self.inbox.0.lock().expect("no test panics here"));
        for completion in completions {
            let mut effects = Vec::new();
            self.replica
                .complete(completion, &mut around.random, &mut effects);
            self.effects(effects, &mut outcome, around);
        }
        outcome
    }

    fn serve(
        &mut self,
        from: NodeId,
        operation: cartwheel::message::replica::OperationId,
        durability: Durability,
        action: Action,
        around: &mut Surroundings,
    ) -> Outcome {
        let target = super::target(&around.ring);
        let asker = Asker::Peer(from);
        let rule = target.bucket.conflict;
        let key = target.stored;
        let command = Command {
            asker,
            operation,
            key,
            rule,
            durability,
            action,
        };
        let mut outcome = Outcome::default();
        self.execute(command, &mut outcome, around);
        outcome
    }

    fn forwarded(
        &mut self,
        from: NodeId,
        item: &cartwheel::message::replica::ForwardItem,
        around: &mut Surroundings,
    ) -> Outcome {
        let demand = cartwheel::coordination::Demand::decode(item.kind, &item.body);
        let remaining = std::time::Duration::from_millis(u64::from(item.remaining_ms));
        let request = ClientRequest {
            client: CallId::Forwarded(from, item.operation),
            demand: demand.expect("nodes forward what they could read"),
            deadline: around.now.after(remaining),
            forwarded_by: Some(from),
        };
        self.request(request, around)
    }

    fn carry_out(&mut self, wishes: Vec<Wish<CallId>>, around: &mut Surroundings) -> Outcome {
        let mut outcome = Outcome::default();
        self.wishes(wishes, &mut outcome, around);
        outcome
    }

    fn wishes(
        &mut self,
        wishes: Vec<Wish<CallId>>,
        outcome: &mut Outcome,
        around: &mut Surroundings,
    ) {
        for wish in wishes {
            let (to, body) = match wish {
                Wish::Local(command) => {
                    self.execute(local(*command), outcome, around);
                    continue;
                }
                Wish::Answer(CallId::Forwarded(to, id), answer) => {
                    (to, Body::Forwarded(id, answer))
                }
                Wish::Answer(call, answer) => {
                    outcome.answers.push((call, answer));
                    continue;
                }
                Wish::Put(to, item) => (to, Body::Put(item)),
                Wish::Get(to, item) => (to, Body::Get(item)),
                Wish::Forward(to, item) => (to, Body::Forward(item)),
            };
            self.send(to, body, outcome, around);
        }
    }

    /// A message for a link that is down is not sent, and its operations are told.
    fn send(&mut self, to: NodeId, body: Body, outcome: &mut Outcome, around: &mut Surroundings) {
        if !self.down.contains(&to) {
            let from = self.id;
            return outcome.messages.push(Message { from, to, body });
        }
        if !body.is_reply() {
            let mut wishes = Vec::new();
            self.coordinator.on_peer_down(to, around.now, &mut wishes);
            self.wishes(wishes, outcome, around);
        }
    }

    fn execute(
        &mut self,
        command: Command<Asker>,
        outcome: &mut Outcome,
        around: &mut Surroundings,
    ) {
        let mut effects = Vec::new();
        let store: &dyn ReplicaStore = &*self.store;
        self.replica
            .execute(command, store, &mut around.random, &mut effects);
        self.effects(effects, outcome, around);
    }

    fn effects(
        &mut self,
        effects: Vec<Effect<Asker>>,
        outcome: &mut Outcome,
        around: &mut Surroundings,
    ) {
        for effect in effects {
            match effect {
                Effect::Submit(submission) => self.store.submit(submission),
                Effect::Accepted { .. } => {}
                Effect::Load { ticket, key } => {
                    self.store
                        .load(SHARD, ticket, Family::Objects, key.as_bytes().clone());
                }
                Effect::Answer {
                    asker: Asker::Own,
                    operation,
                    reply,
                } => {
                    let mut wishes = Vec::new();
                    self.coordinator
                        .on_local(operation, reply, around.now, &mut wishes);
                    self.wishes(wishes, outcome, around);
                }
                Effect::Answer {
                    asker: Asker::Peer(to),
                    operation,
                    reply,
                } => {
                    let body = match reply {
                        ReplicaReply::Stored => Body::Stored(operation, Ok(())),
                        ReplicaReply::Got(answer) => Body::Got(operation, answer),
                        ReplicaReply::Failed(error) => Body::Stored(operation, Err(error)),
                        ReplicaReply::Prepared(_) | ReplicaReply::Refused(_) => continue,
                    };
                    self.send(to, body, outcome, around);
                }
            }
        }
    }

    /// What the store holds under a key.
    pub fn stored(&self, key: &StoredKey) -> Option<bytes::Bytes> {
        self.store.set_cold(false);
        match self.store.peek(Family::Objects, key.as_bytes()) {
            Ok(cartwheel::store::Peek::Found(record)) => Some(record),
            _ => None,
        }
    }
}

/// Nothing moves here: one layout for ever.
const VIEW: View = View { epoch: 1, phase: 0 };

fn coordinator(id: NodeId, start: u32, around: &Surroundings) -> Coordinator<CallId> {
    let (ring, secret) = (around.ring.clone(), around.secret.clone());
    Coordinator::new(id, SHARD, start, ring, secret, around.options)
}

fn local(command: LocalCommand) -> Command<Asker> {
    Command {
        asker: Asker::Own,
        operation: command.operation,
        key: command.target.stored,
        rule: command.target.bucket.conflict,
        durability: command.durability,
        action: match command.work {
            LocalWork::Write(write) => Action::Write(write),
            LocalWork::Merge(record) => Action::Merge(record),
            LocalWork::Repair(record) => Action::Repair(record),
            LocalWork::Read(digest) => Action::Read(digest),
        },
    }
}
