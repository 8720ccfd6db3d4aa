//! The real coordinators, replicas and stores of a small cluster, on one key, with every message
//! and every sync in the hands of the test.

mod clients;
mod message;
mod node;
mod step;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cartwheel::bucket::Bucket;
use cartwheel::config::ReadFanout;
use cartwheel::coordination::{ClientRequest, CoordinatorOptions, Demand};
use cartwheel::layout::{Layout, Member};
use cartwheel::message::client::{Delete, Get, Put, QuorumOptions, RequestError};
use cartwheel::message::replica::OperationId;
use cartwheel::node::NodeId;
use cartwheel::ring::{Ring, Target};
use cartwheel::store::{Family, StoreOperation};
use cartwheel::time::Moment;
use cartwheel::version::{ConflictRule, ContextSecret, Record, RequestId};

pub use clients::Fate;
use clients::{Clients, Seen, Value, Wanted, bytes_of};
use message::{Body, Message};
pub use node::Random;
use node::{Node, Outcome, Surroundings};
pub use step::{Step, calm_run, stormy_run, weather};

/// How many nodes there are: one more than owners, so that some requests are forwarded.
pub const NODES: usize = 4;

/// Owners of the key.
const N: u8 = 3;

/// How long a client waits.
const DEADLINE: Duration = Duration::from_millis(100);

const KEY: &[u8] = b"cart:1001";

/// The answer to a client.
pub type Answered = Result<Bytes, RequestError>;

/// Who waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallId {
    Client(usize),
    Forwarded(NodeId, OperationId),
}

/// What stays the same throughout a run.
#[derive(Clone, Debug)]
pub struct Weather {
    /// Whom a read asks first.
    pub fanout: ReadFanout,
    /// Whether stores have to load what they read.
    pub cold: bool,
    /// Links, from one node to another, on which records are stuck until the end.
    pub stuck: Vec<(usize, usize)>,
}

/// The cluster, what flies in it, and its clients.
pub struct Cluster {
    around: Surroundings,
    nodes: Vec<Node>,
    flying: Vec<Message>,
    stuck: BTreeSet<(NodeId, NodeId)>,
    clients: Clients,
    /// Which node each call's connection is to.
    vias: Vec<usize>,
    values: Value,
    /// What happened, for a run that went wrong.
    pub story: Vec<String>,
}

impl Cluster {
    /// Nodes that know nothing, whose memory may be cold, and whose clocks disagree.
    pub fn new(rule: ConflictRule, weather: &Weather) -> Self {
        let options = CoordinatorOptions {
            read_fanout: weather.fanout,
            hedge_min: Duration::from_millis(5),
            hedge_max: Duration::from_millis(20),
        };
        let mut around = Surroundings {
            ring: Arc::new(ring(rule)),
            secret: ContextSecret::new([7; 16]),
            options,
            random: Random(0),
            now: Moment::from_micros(1_000_000),
        };
        let ids = around
            .ring
            .layout()
            .members()
            .iter()
            .map(|member| member.node);
        let ids: Vec<NodeId> = ids.collect();
        let nodes = ids
            .iter()
            .map(|id| Node::new(*id, id.0 * 7 % 3 * 50, &mut around));
        let nodes: Vec<Node> = nodes.collect();
        nodes
            .iter()
            .for_each(|node| node.store.set_cold(weather.cold));
        let stuck = weather
            .stuck
            .iter()
            .map(|(from, to)| (ids[*from], ids[*to]));
        let stuck = stuck.collect();
        Self {
            around,
            stuck,
            nodes,
            flying: Vec::new(),
            clients: Clients::default(),
            vias: Vec::new(),
            values: 0,
            story: Vec::new(),
        }
    }

    /// Does one step.
    pub fn step(&mut self, step: &Step) {
        match step {
            Step::Put { via, context } => {
                let seen = context.as_ref().and_then(|index| self.seen(index));
                let value = self.values;
                self.values += 1;
                self.put(*via, value, seen.unwrap_or_default());
            }
            Step::Retry { via, call } => self.retry(*via, call),
            Step::Delete { via, context } => {
                if let Some(seen) = self.seen(context) {
                    self.delete(*via, seen);
                }
            }
            Step::Get { via, context } => {
                let seen = context.as_ref().and_then(|index| self.seen(index));
                self.get(*via, seen.unwrap_or_default(), QuorumOptions::default());
            }
            Step::Deliver(index) => self.deliver(index, false),
            Step::Double(index) => self.deliver(index, true),
            Step::Commit { at, sync } => self.commit(*at, *sync),
            Step::Wait { ms } => self.wait(*ms),
            Step::Link { one, other, up } if one != other => self.link(*one, *other, *up),
            Step::Link { .. } => {}
            Step::Crash { at, keep } => {
                self.nodes[*at].store.crash(*keep);
                self.restart(*at);
            }
            Step::FailStore { at, sync } => self.nodes[*at].store.fail_next(match sync {
                true => StoreOperation::Sync,
                false => StoreOperation::Write,
            }),
        }
    }

    /// Owners by preference, as numbers of nodes, and then the others.
    pub fn by_preference(&self) -> Vec<usize> {
        let preference = target(&self.around.ring).preference;
        let place = |node: &NodeId| self.nodes.iter().position(|other| other.id == *node);
        preference.iter().filter_map(place).collect()
    }

    /// Lets the oldest message that begins with this word arrive, from one node to another.
    pub fn deliver_from(&mut self, from: usize, to: usize, word: &str) {
        self.deliver_first(from, to, |body| format!("{body:?}").starts_with(word));
    }

    /// Lets the oldest answer arrive, from one node to another.
    pub fn deliver_answer(&mut self, from: usize, to: usize) {
        self.deliver_first(from, to, Body::is_reply);
    }

    fn deliver_first(&mut self, from: usize, to: usize, is_meant: impl Fn(&Body) -> bool) {
        let way = (self.nodes[from].id, self.nodes[to].id);
        let is_meant =
            |message: &Message| (message.from, message.to) == way && is_meant(&message.body);
        let at = self.flying.iter().position(is_meant);
        let message = self.flying.remove(at.expect("such a message"));
        self.receive(message);
    }

    /// A client reads from all owners, through a node.
    pub fn get_from_all(&mut self, via: usize) {
        let everyone = QuorumOptions {
            r: N,
            ..QuorumOptions::default()
        };
        self.get(via, Seen::default(), everyone);
    }

    /// A bit flips in a node's record.
    pub fn corrupt(&mut self, at: usize) {
        self.story.push(format!("node {at}'s record is corrupt"));
        let stored = target(&self.around.ring).stored;
        let store = &self.nodes[at].store;
        assert!(store.corrupt(Family::Objects, stored.as_bytes(), 40));
    }

    /// Whether the record in a node's store is what was once written.
    pub fn is_whole(&self, at: usize) -> bool {
        let stored = self.nodes[at].stored(&target(&self.around.ring).stored);
        stored.is_some_and(|record| Record::check(&record).is_ok())
    }

    /// Whether no message is on its way.
    pub fn is_quiet(&self) -> bool {
        self.flying.is_empty()
    }

    /// What has become of a client's call.
    pub fn fate(&self, call: usize) -> &Fate {
        &self.clients.calls[call].fate
    }

    /// What has become of the last call.
    pub fn last_fate(&self) -> Option<&Fate> {
        self.clients.calls.last().map(|call| &call.fate)
    }

    /// What is wrong so far with what clients were told.
    pub fn complaints(&self) -> &[String] {
        &self.clients.complaints
    }

    /// Ends all faults, lets everything under way come to its end, and reads through every owner
    /// until all agree; answers what is wrong.
    pub fn heal_and_judge(&mut self) -> Vec<String> {
        for (one, other) in (0..NODES).flat_map(|one| (0..one).map(move |other| (one, other))) {
            self.link(one, other, true);
        }
        self.settle();
        for via in [0, 1, 2, 3, 0, 1, 2, 3] {
            self.get_from_all(via);
            self.settle();
        }
        let live = match self.clients.calls.last().map(|call| &call.fate) {
            Some(Fate::Done(values)) => values.clone(),
            fate => return vec![format!("the last read ended as {fate:?}")],
        };
        let mut complaints = match self.rule() {
            ConflictRule::Lww => self.clients.judge_last_writers(&live),
            _ => self.clients.judge(&live),
        };
        complaints.extend(self.left_over());
        complaints
    }

    /// What is left where nothing should be.
    fn left_over(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        let target = target(&self.around.ring);
        let owners = self
            .nodes
            .iter()
            .filter(|node| target.owners().contains(&node.id));
        let records: BTreeSet<_> = owners.map(|node| node.stored(&target.stored)).collect();
        if records.len() != 1 {
            complaints.push(format!("owners hold {} different records", records.len()));
        }
        for node in &self.nodes {
            let operations = node.coordinator.operations();
            if operations > 0 {
                complaints.push(format!("{} never ends {operations} operations", node.id));
            }
            for (peer, credits) in node.coordinator.peers() {
                let bytes = credits.replica_bytes + credits.forward_bytes;
                if (credits.under_way(), bytes) != (0, 0) {
                    complaints.push(format!("{} lacks credits to {peer}: {credits:?}", node.id));
                }
            }
        }
        complaints
    }

    fn rule(&self) -> ConflictRule {
        target(&self.around.ring).bucket.conflict
    }

    fn put(&mut self, via: usize, value: Value, seen: Seen) {
        let demand = Demand::Put(Put {
            bucket: "default".to_owned(),
            key: Bytes::from_static(KEY),
            value: bytes_of(value),
            context: seen.context.clone(),
            request: RequestId::new(value as u128),
            attributes: None,
            options: QuorumOptions::default(),
        });
        if !target(&self.around.ring)
            .owners()
            .contains(&self.nodes[via].id)
        {
            self.clients.may_be_repeated(value);
        }
        self.ask(via, demand, Wanted::Put { value, seen });
    }

    fn retry(&mut self, via: usize, index: &proptest::sample::Index) {
        let puts = self
            .clients
            .calls
            .iter()
            .filter_map(|call| match &call.wanted {
                Wanted::Put { value, seen } => Some((*value, seen.clone())),
                _ => None,
            });
        let puts: Vec<_> = puts.collect();
        if !puts.is_empty() {
            let (value, seen) = index.get(&puts).clone();
            self.put(via, value, seen);
        }
    }

    fn delete(&mut self, via: usize, seen: Seen) {
        let demand = Demand::Delete(Delete {
            bucket: "default".to_owned(),
            key: Bytes::from_static(KEY),
            context: seen.context.clone(),
            request: RequestId::new(u128::MAX - self.clients.calls.len() as u128),
            options: QuorumOptions::default(),
        });
        self.ask(via, demand, Wanted::Delete { seen });
    }

    fn get(&mut self, via: usize, seen: Seen, options: QuorumOptions) {
        let demand = Demand::Get(Get {
            bucket: "default".to_owned(),
            key: Bytes::from_static(KEY),
            context: seen.context,
            options,
        });
        let must_see = match self.rule() {
            ConflictRule::Lww => BTreeSet::new(),
            _ => self.clients.told(),
        };
        self.ask(via, demand, Wanted::Get { must_see });
    }

    fn ask(&mut self, via: usize, demand: Demand, wanted: Wanted) {
        let line = format!("node {via}: {wanted:?}");
        let call = self.clients.ask(wanted);
        self.story.push(format!("call {call} to {line}"));
        self.vias.push(via);
        let request = ClientRequest {
            client: CallId::Client(call),
            demand,
            deadline: self.around.now.after(DEADLINE),
            forwarded_by: None,
        };
        let outcome = self.nodes[via].request(request, &mut self.around);
        self.take(outcome);
    }

    fn seen(&self, index: &proptest::sample::Index) -> Option<Seen> {
        (!self.clients.seen.is_empty()).then(|| index.get(&self.clients.seen).clone())
    }

    fn deliver(&mut self, index: &proptest::sample::Index, again: bool) {
        let flying = self.flying.iter().enumerate();
        let free = flying.filter(|(_, message)| !self.is_stuck(message));
        let free: Vec<usize> = free.map(|(at, _)| at).collect();
        if free.is_empty() {
            return;
        }
        let at = *index.get(&free);
        let message = match again {
            true => self.flying[at].clone(),
            false => self.flying.remove(at),
        };
        self.receive(message);
    }

    fn is_stuck(&self, message: &Message) -> bool {
        matches!(message.body, Body::Put(_)) && self.stuck.contains(&(message.from, message.to))
    }

    fn receive(&mut self, message: Message) {
        self.story.push(format!("{message:?}"));
        if let Some(to) = self.nodes.iter().position(|node| node.id == message.to) {
            let outcome = self.nodes[to].receive(message, &mut self.around);
            self.take(outcome);
        }
    }

    fn commit(&mut self, at: usize, sync: bool) {
        self.story.push(format!("node {at} commits, sync {sync}"));
        let outcome = self.nodes[at].commit(sync, &mut self.around);
        self.take(outcome);
        if self.nodes[at].has_failed() {
            self.nodes[at].store.crash(0);
            self.restart(at);
        }
    }

    fn wait(&mut self, ms: u64) {
        self.story.push(format!("{ms} ms"));
        self.around.now = self.around.now.after(Duration::from_millis(ms));
        for at in 0..NODES {
            let outcome = self.nodes[at].sweep(&mut self.around);
            self.take(outcome);
        }
    }

    /// What a node sent may still arrive after its link went down; answers go with the link.
    fn link(&mut self, one: usize, other: usize, up: bool) {
        self.story
            .push(format!("link of {one} and {other} is up: {up}"));
        let [a, b] = [self.nodes[one].id, self.nodes[other].id];
        if !up {
            let between =
                |message: &Message| [(a, b), (b, a)].contains(&(message.from, message.to));
            self.flying
                .retain(|message| !(between(message) && message.body.is_reply()));
        }
        for (at, peer) in [(one, b), (other, a)] {
            let outcome = self.nodes[at].link(peer, up, &mut self.around);
            self.take(outcome);
        }
    }

    /// The node is gone with all its connections, and comes back.
    fn restart(&mut self, at: usize) {
        self.story.push(format!("node {at} starts again"));
        let id = self.nodes[at].id;
        self.flying.retain(|message| message.to != id);
        self.nodes[at].start(&mut self.around);
        for (call, via) in self.clients.calls.iter_mut().zip(&self.vias) {
            if *via == at && call.fate == Fate::Open {
                call.fate = Fate::Lost;
            }
        }
        for other in (0..NODES).filter(|other| *other != at) {
            for up in [false, true] {
                let outcome = self.nodes[other].link(id, up, &mut self.around);
                self.take(outcome);
            }
            let peer = self.nodes[other].id;
            let outcome = self.nodes[at].link(peer, true, &mut self.around);
            self.take(outcome);
        }
    }

    fn take(&mut self, outcome: Outcome) {
        self.flying.extend(outcome.messages);
        for (call, answer) in outcome.answers {
            if let CallId::Client(call) = call {
                self.clients.answered(call, answer);
                let fate = &self.clients.calls[call].fate;
                self.story.push(format!("call {call}: {fate:?}"));
            }
        }
    }

    fn settle(&mut self) {
        for _ in 0..20 {
            while !self.flying.is_empty() {
                let first = self.flying.remove(0);
                self.receive(first);
            }
            (0..NODES).for_each(|at| self.commit(at, true));
            if self.flying.is_empty() {
                self.wait(15);
            }
        }
    }
}

/// The key, its bucket and its owners.
fn target(ring: &Ring) -> Target {
    let target = ring.locate("default", &Bytes::from_static(KEY));
    target.expect("the default bucket")
}

fn ring(rule: ConflictRule) -> Ring {
    let member = |node| Member {
        node: NodeId(node),
        client: String::new(),
        bridge: String::new(),
    };
    let members = (1..=NODES as u64).map(member).collect();
    let bucket = Bucket {
        conflict: rule,
        ..Bucket::default_bucket(N)
    };
    Ring::new(Arc::new(Layout::first(members, 4)), [bucket])
}
