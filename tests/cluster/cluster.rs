//! Some nodes in this process, on ports that the system gives.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix::System;
use cartwheel::config::Config;
use cartwheel::node::{ClusterId, NodeId, StoreId};
use cartwheel::store::{Identity, MemoryMode, MemoryStore};
use cartwheel::time::{Moment, WallTime};
use cartwheel_actors::HostFacts;
use cartwheel_actors::extension::Extension;
use cartwheel_actors::node::{Node, NodeOptions, StartError, start};
use cartwheel_actors::shell::{
    ArbiterShards, Clock, EntropySource, LocalShards, MonotonicClock, SeededEntropy, Shards, Shell,
};
use cartwheel_client::{Client, ClientBuilder};
use tokio::task::LocalSet;

use crate::bound_ports::BoundPorts;

/// When a test is taken to stand still; far more than one takes that shares a core with others.
const TEST_LIMIT: Duration = Duration::from_secs(300);

/// How long a client waits for each answer. What the machine takes is not what is tested, and
/// whoever is asked again does again what the test asked for once, be it a panic.
const PATIENCE: Duration = Duration::from_secs(60);

/// Nodes that share the test's thread.
pub struct Cluster {
    pub nodes: Vec<Node>,
    #[allow(dead_code)] // Kept so that the stores outlive their nodes.
    pub stores: Vec<Arc<MemoryStore>>,
    network: Arc<BoundPorts>,
}

/// What the tests' machine tells of itself: nothing that a test depends on.
struct NoFacts;

impl HostFacts for NoFacts {
    fn version(&self) -> String {
        "test".to_owned()
    }

    fn process_id(&self) -> u32 {
        0
    }

    fn cpu_us(&self) -> u64 {
        0
    }

    fn file_system(&self) -> String {
        "memory".to_owned()
    }
}

/// The machine's clock, wrong by so many milliseconds.
struct WrongClock(MonotonicClock, i64);

impl Clock for WrongClock {
    fn now(&self) -> Moment {
        self.0.now()
    }

    fn wall(&self) -> WallTime {
        WallTime(self.0.wall().0.saturating_add_signed(self.1))
    }
}

/// Runs a test with a cluster of so many nodes, two shards each.
pub fn with_nodes<F: Future<Output = ()>>(nodes: usize, test: impl FnOnce(Cluster) -> F) {
    with_clocks(&vec![0; nodes], test);
}

/// The same, with extensions on each node and more settings in each configuration.
pub fn with_extensions<F: Future<Output = ()>>(
    nodes: usize,
    extensions: &[Extension],
    settings: &str,
    test: impl FnOnce(Cluster) -> F,
) {
    run(
        Cluster::start(&vec![0; nodes], extensions, settings, local),
        test,
    );
}

/// Runs a test with a node whose shards and extensions have threads of their own, as in earnest; it
/// has to stop the node. What it gives is given back when its event loop has ended.
pub fn with_threads<F: Future>(
    extensions: &[Extension],
    test: impl FnOnce(Cluster) -> F,
) -> F::Output {
    let system = System::new();
    system.block_on(async {
        let shards = || Arc::new(ArbiterShards::default()) as Arc<dyn Shards>;
        let cluster = Cluster::start(&[0], extensions, "", shards).await;
        let tested = tokio::time::timeout(TEST_LIMIT, test(cluster.unwrap())).await;
        tested.expect("the test ends in time")
    })
}

/// The same, with a node for each of these errors of a clock, in milliseconds.
pub fn with_clocks<F: Future<Output = ()>>(errors_ms: &[i64], test: impl FnOnce(Cluster) -> F) {
    run(Cluster::start(errors_ms, &[], "", local), test);
}

fn run<F: Future<Output = ()>>(
    starting: impl Future<Output = Result<Cluster, StartError>>,
    test: impl FnOnce(Cluster) -> F,
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, async {
        let cluster = starting.await.unwrap();
        tokio::time::timeout(TEST_LIMIT, test(cluster))
            .await
            .expect("the test ends in time");
    });
}

impl Cluster {
    async fn start(
        errors_ms: &[i64],
        extensions: &[Extension],
        settings: &str,
        shards: fn() -> Arc<dyn Shards>,
    ) -> Result<Self, StartError> {
        let count = errors_ms.len();
        let network = Arc::new(BoundPorts::new(2 * count));
        let stores: Vec<_> = (0..count)
            .map(|_| Arc::new(MemoryStore::new(MemoryMode::Immediate)))
            .collect();
        let started = (0..count).map(|at| {
            let clock = WrongClock(MonotonicClock::new(), errors_ms[at]);
            let config = config(at, &network.ports, settings);
            start_node(
                config,
                Arc::clone(&network),
                Arc::clone(&stores[at]),
                clock,
                extensions.to_vec(),
                shards(),
                panicking(),
            )
        });
        let nodes = futures::future::try_join_all(started).await?;
        Ok(Self {
            nodes,
            stores,
            network,
        })
    }

    /// Starts another process with the id of a node, at other ports and with a store of its own;
    /// and what it says when it gives up.
    pub async fn open_again(&self, at: usize) -> (Node, Arc<Mutex<Vec<String>>>) {
        let mut config = config(at, &self.network.ports, "");
        config.listen.client = "127.0.0.1:0".to_owned();
        config.listen.bridge = AGAIN.to_owned();
        let store = Arc::new(MemoryStore::new(MemoryMode::Immediate));
        let said = Arc::new(Mutex::new(Vec::new()));
        let saying = Arc::clone(&said);
        let fatal = Arc::new(move |reason: &str| saying.lock().unwrap().push(reason.to_owned()));
        let clock = WrongClock(MonotonicClock::new(), 0);
        let network = Arc::clone(&self.network);
        let started = start_node(config, network, store, clock, Vec::new(), local(), fatal);
        (started.await.unwrap(), said)
    }

    /// Makes all actors of a name panic on one node, and waits until they have started again.
    pub async fn panic(&self, at: usize, name: &str) {
        let supervision = &self.nodes[at].supervision;
        let actors = supervision.actors().into_iter().enumerate();
        for (place, _) in actors.filter(|(_, actor)| *actor == name) {
            let before = supervision.restarts();
            assert!(supervision.panic_soon(place));
            while supervision.restarts() == before {
                tokio::task::yield_now().await;
            }
        }
    }

    /// A client of some of the nodes.
    pub async fn client(&self, nodes: &[usize]) -> Client {
        self.patient(nodes).build().await.unwrap()
    }

    /// What makes it.
    pub fn patient(&self, nodes: &[usize]) -> ClientBuilder {
        let endpoints = nodes.iter().map(|at| &self.nodes[*at].client_address);
        let client = Client::builder().endpoints(endpoints);
        let client = client.timeout(PATIENCE).attempt_timeout(PATIENCE);
        client.connect_timeout(PATIENCE)
    }
}

/// Why a node with these extensions does not start.
pub fn refusal(extensions: &[Extension], settings: &str) -> StartError {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    let starting = Cluster::start(&[0], extensions, settings, local);
    match LocalSet::new().block_on(&runtime, starting) {
        Ok(_) => panic!("the node has started"),
        Err(error) => error,
    }
}

/// All shards on the event loop of the test.
fn local() -> Arc<dyn Shards> {
    Arc::new(LocalShards)
}

fn panicking() -> Arc<dyn Fn(&str) + Send + Sync> {
    Arc::new(|reason: &str| panic!("a node gave up: {reason}"))
}

/// Each opening draws other random numbers.
static OPENED: AtomicU64 = AtomicU64::new(0);

/// Where a node that is opened again listens for nodes: wherever it can.
pub const AGAIN: &str = "127.0.0.1:0";

async fn start_node(
    config: Config,
    network: Arc<BoundPorts>,
    store: Arc<MemoryStore>,
    clock: WrongClock,
    extensions: Vec<Extension>,
    shards: Arc<dyn Shards>,
    fatal: Arc<dyn Fn(&str) + Send + Sync>,
) -> Result<Node, StartError> {
    let entropy = SeededEntropy::new(OPENED.fetch_add(1, Ordering::Relaxed));
    let identity = Identity {
        store: StoreId(entropy.fork().next_u64()),
        node: config.node.id,
        cluster: config.cluster.id,
    };
    store.open(identity).unwrap();
    let shell = Shell {
        network,
        clock: Arc::new(clock),
        entropy: Arc::new(entropy),
        shards,
        store,
    };
    let options = NodeOptions {
        config,
        shell,
        store: identity.store,
        extensions,
        shards: 2,
        host: Arc::new(NoFacts),
        fatal,
    };
    start(options).await
}

fn config(at: usize, ports: &[u16], settings: &str) -> Config {
    let members = ports.chunks(2).enumerate().map(|(node, ports)| {
        let (client, bridge) = (ports[0], ports[1]);
        format!(
            "{{ id = {}, client = \"127.0.0.1:{client}\", bridge = \"127.0.0.1:{bridge}\" }}",
            node + 1
        )
    });
    let members = members.collect::<Vec<_>>().join(", ");
    let text = format!(
        "[node]\nid = {}\ndata_dir = \"unused\"\n\
         [cluster]\nid = \"{}\"\nsecret = \"000102030405060708090a0b0c0d0e0f\"\n\
         members = [{members}]\n[storage]\nkind = \"memory\"\n{settings}",
        NodeId(at as u64 + 1).0,
        ClusterId(7)
    );
    Config::from_toml(&text).unwrap()
}
