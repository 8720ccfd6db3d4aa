//! What does a whole put or get cost the core, on all its owners together? Coordinator and
//! replicas of three nodes, n=3 r=2 w=2, with a store in memory that completes at once; no
//! codec, no sockets, no threads. What the cluster costs beyond this is shell, disk and kernel.

use std::collections::VecDeque;
use std::hint::black_box;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cartwheel::bucket::Bucket;
use cartwheel::config::ReadFanout;
use cartwheel::coordination::{
    ClientRequest, Coordinator, CoordinatorOptions, Demand, Effect as Wish, LocalCommand, LocalWork,
};
use cartwheel::entropy::Entropy;
use cartwheel::layout::{Layout, Member};
use cartwheel::message::client::{Get, QuorumOptions};
use cartwheel::message::replica::{
    Address, OperationId, ReplicaAnswer, ReplicaGetItem, ReplicaPutItem, View,
};
use cartwheel::node::{NodeId, ShardId};
use cartwheel::replica::{Action, Command, Effect, Replica, ReplicaReply};
use cartwheel::ring::Ring;
use cartwheel::store::{
    Committer, Completion, CompletionSink, Durability, MemoryMode, MemoryStore,
};
use cartwheel::time::{Moment, WallTime};
use cartwheel::version::{ContextSecret, RequestId};
use cartwheel_benches::{BATCH, key, put};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const SHARD: ShardId = ShardId(0);
const VIEW: View = View { epoch: 1, phase: 0 };
const NOW: Moment = Moment::from_micros(0);
const CACHE_BYTES: usize = 64 * 1024 * 1024;

/// How many keys there are: more than a processor's caches hold, on three nodes.
const KEYS: u32 = 100_000;

/// Nobody: the coordinator of the own node asks.
type Asker = Option<NodeId>;

enum Mail {
    Put(ReplicaPutItem),
    Get(ReplicaGetItem),
    Stored(OperationId),
    Got(OperationId, ReplicaAnswer),
}

struct Numbers(u64);

impl Entropy for Numbers {
    fn next_u64(&mut self) -> u64 {
        self.0 += 1;
        self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

#[derive(Default)]
struct Inbox(Mutex<Vec<Completion>>);

impl CompletionSink for Inbox {
    fn complete(&self, completions: Vec<Completion>) {
        let mut inbox = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inbox.extend(completions);
    }
}

struct Node {
    id: NodeId,
    coordinator: Coordinator<u32>,
    replica: Replica<Asker>,
    store: MemoryStore,
    inbox: Arc<Inbox>,
}

struct Cluster {
    ring: Arc<Ring>,
    nodes: Vec<Node>,
    mail: VecDeque<(NodeId, NodeId, Mail)>,
    numbers: Numbers,
    answered: usize,
}

impl Cluster {
    fn new() -> Self {
        let ids = [NodeId(1), NodeId(2), NodeId(3)];
        let member = |node| Member {
            node,
            client: String::new(),
            bridge: String::new(),
        };
        let layout = Layout::first(ids.map(member).into(), 8);
        let ring = Arc::new(Ring::new(Arc::new(layout), [Bucket::default_bucket(3)]));
        let mut numbers = Numbers(0);
        let nodes = ids.map(|id| node(id, &ids, &ring, &mut numbers));
        Self {
            ring,
            nodes: nodes.into(),
            mail: VecDeque::new(),
            numbers,
            answered: 0,
        }
    }

    /// Runs requests, which come to the first node in one burst, to their answers.
    fn run(&mut self, demands: Vec<Demand>) -> usize {
        self.answered = 0;
        let mut wishes = Vec::new();
        for (client, demand) in (0..).zip(demands) {
            let request = ClientRequest {
                client,
                demand,
                deadline: NOW.after(Duration::from_secs(5)),
                forwarded_by: None,
            };
            let coordinator = &mut self.nodes[0].coordinator;
            coordinator.start(request, NOW, WallTime(0), &mut wishes);
        }
        self.wishes(0, wishes);
        loop {
            (0..self.nodes.len()).for_each(|at| self.flush(at));
            if self.mail.is_empty() {
                return self.answered;
            }
            for _ in 0..self.mail.len() {
                self.deliver();
            }
        }
    }

    fn wishes(&mut self, at: usize, wishes: Vec<Wish<u32>>) {
        let from = self.nodes[at].id;
        for wish in wishes {
            match wish {
                Wish::Local(command) => self.execute(at, local(*command)),
                Wish::Put(to, item) => self.mail.push_back((from, to, Mail::Put(item))),
                Wish::Get(to, item) => self.mail.push_back((from, to, Mail::Get(item))),
                Wish::Answer(_, outcome) => self.answered += usize::from(outcome.is_ok()),
                Wish::Forward(..) => {}
            }
        }
    }

    fn deliver(&mut self) {
        let Some((from, to, mail)) = self.mail.pop_front() else {
            return;
        };
        let at = usize::try_from(to.0 - 1).unwrap_or(0);
        let coordinator = &mut self.nodes[at].coordinator;
        let mut wishes = Vec::new();
        match mail {
            Mail::Put(ReplicaPutItem {
                operation,
                address,
                record,
                ..
            }) => {
                let command = self.asked(from, operation, &address, Action::Merge(record));
                return self.execute(at, command);
            }
            Mail::Get(ReplicaGetItem {
                operation,
                address,
                digest,
            }) => {
                let command = self.asked(from, operation, &address, Action::Read(digest));
                return self.execute(at, command);
            }
            Mail::Stored(id) => coordinator.on_stored(from, VIEW, id, Ok(()), NOW, &mut wishes),
            Mail::Got(id, answer) => coordinator.on_got(from, id, answer, NOW, &mut wishes),
        }
        self.wishes(at, wishes);
    }

    fn asked(
        &self,
        from: NodeId,
        operation: OperationId,
        address: &Address,
        action: Action,
    ) -> Command<Asker> {
        let bucket = self.ring.bucket_of(address.bucket);
        let bucket = bucket.expect("there is one bucket");
        Command {
            asker: Some(from),
            operation,
            key: self.ring.target(bucket, &address.key).stored,
            rule: bucket.conflict,
            durability: Durability::Synced,
            action,
        }
    }

    fn execute(&mut self, at: usize, command: Command<Asker>) {
        let mut effects = Vec::new();
        let node = &mut self.nodes[at];
        node.replica
            .execute(command, &node.store, &mut self.numbers, &mut effects);
        self.effects(at, effects);
    }

    fn flush(&mut self, at: usize) {
        let mut effects = Vec::new();
        self.nodes[at].replica.flush(&mut effects);
        self.effects(at, effects);
        let inbox = &self.nodes[at].inbox.0;
        let completions = inbox.lock().map(|mut inbox| std::mem::take(&mut *inbox));
        for completion in completions.unwrap_or_default() {
            let mut effects = Vec::new();
            let replica = &mut self.nodes[at].replica;
            replica.complete(completion, &mut self.numbers, &mut effects);
            self.effects(at, effects);
        }
    }

    fn effects(&mut self, at: usize, effects: Vec<Effect<Asker>>) {
        let from = self.nodes[at].id;
        for effect in effects {
            let (asker, operation, reply) = match effect {
                Effect::Submit(submission) => {
                    self.nodes[at].store.submit(submission);
                    continue;
                }
                Effect::Load { .. } | Effect::Accepted { .. } => continue,
                Effect::Answer {
                    asker,
                    operation,
                    reply,
                } => (asker, operation, reply),
            };
            match (asker, reply) {
                (None, reply) => {
                    let mut wishes = Vec::new();
                    let coordinator = &mut self.nodes[at].coordinator;
                    coordinator.on_local(operation, reply, NOW, &mut wishes);
                    self.wishes(at, wishes);
                }
                (Some(to), ReplicaReply::Stored) => {
                    self.mail.push_back((from, to, Mail::Stored(operation)));
                }
                (Some(to), ReplicaReply::Got(answer)) => {
                    self.mail
                        .push_back((from, to, Mail::Got(operation, answer)));
                }
                (Some(_), _) => {}
            }
        }
    }
}

fn node(id: NodeId, all: &[NodeId], ring: &Arc<Ring>, numbers: &mut Numbers) -> Node {
    let options = CoordinatorOptions {
        read_fanout: ReadFanout::Quorum,
        hedge_min: Duration::from_millis(5),
        hedge_max: Duration::from_millis(100),
    };
    let secret = ContextSecret::new([7; 16]);
    let replica = Replica::new(SHARD, secret.clone(), CACHE_BYTES, numbers);
    let mut coordinator = Coordinator::new(id, SHARD, 0, Arc::clone(ring), secret, options);
    let peers = all.iter().filter(|peer| **peer != id);
    peers.for_each(|peer| coordinator.on_peer_up(*peer));
    let store = MemoryStore::new(MemoryMode::Immediate);
    let inbox = Arc::<Inbox>::default();
    store.attach(SHARD, inbox.clone());
    Node {
        id,
        coordinator,
        replica,
        store,
        inbox,
    }
}

fn local(command: LocalCommand) -> Command<Asker> {
    Command {
        asker: None,
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

/// Keys far from each other, each of them again and again.
fn numbers(round: u32) -> impl Iterator<Item = u32> {
    (0..BATCH).map(move |at| (round * BATCH + at).wrapping_mul(40_503) % KEYS)
}

fn puts(round: u32) -> Vec<Demand> {
    let put = |number| {
        let mut put = put(number);
        put.request = RequestId::new(u128::from(round) << 64 | u128::from(number));
        Demand::Put(put)
    };
    numbers(round).map(put).collect()
}

fn gets(round: u32) -> Vec<Demand> {
    let get = |number| {
        Demand::Get(Get {
            bucket: "default".to_owned(),
            key: key(number),
            context: bytes::Bytes::new(),
            options: QuorumOptions::default(),
        })
    };
    numbers(round).map(get).collect()
}

/// Fresh keys as long as there are some, since blind writes pile up siblings.
fn coordinator(criterion: &mut Criterion) {
    let mut cluster = Cluster::new();
    let mut group = criterion.benchmark_group("coordinator");
    group.throughput(Throughput::Elements(u64::from(BATCH)));
    for round in 0..KEYS / BATCH {
        assert_eq!(cluster.run(puts(round)), BATCH as usize);
    }
    let mut round = 0;
    group.bench_function("64 gets", |bencher| {
        bencher.iter(|| {
            round += 1;
            black_box(cluster.run(gets(round)))
        });
    });
    group.bench_function("64 puts of fresh keys", |bencher| {
        bencher.iter_batched_ref(
            Cluster::new,
            |cluster| black_box(cluster.run(puts(1))),
            criterion::BatchSize::SmallInput,
        );
    });
    group.finish();
}

criterion_group!(benches, coordinator);
criterion_main!(benches);
