//! A simulated node: the real one, with everything around it simulated.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use cartwheel::config::Config;
use cartwheel::node::{ClusterId, NodeId, StoreId};
use cartwheel::store::Identity;
use cartwheel_actors::extension::Extension;
use cartwheel_actors::node::{Node, NodeOptions, start};
use cartwheel_actors::shell::{LocalShards, SeededEntropy, Shell};
use cartwheel_actors::{HostFacts, PanicNow};

use super::clock::SimulatedClock;
use super::given_up::GivenUp;
use toml::Table;

use crate::dice::{Dice, seed_of};
use crate::disk::{Disk, commit};
use crate::history::SharedHistory;
use crate::network::SimulatedNetwork;
use crate::trace::{Trace, now};

/// The shortest and the longest time between two panics in a node, in milliseconds.
const PANIC_EVERY_MS: (u64, u64) = (200, 1_500);

/// Once in so many times the same actor panics again, and sooner: what an actor's earlier life has left is
/// still on its way.
const PANICS_PER_HASTE: u64 = 2;

/// The shortest and the longest time until then, in milliseconds.
const PANIC_AGAIN_MS: (u64, u64) = (5, 300);

/// In some lives a node keeps a few records in memory, in some none.
const CACHE_BYTES_MAX: u64 = 4_000;

/// The name of a node's host; nodes count from 1.
pub fn name(node: u64) -> String {
    format!("node-{node}")
}

/// Where clients reach a node.
pub fn client_address(node: u64) -> String {
    format!("{}:7400", name(node))
}

/// What the simulated machine tells of itself.
struct NoFacts;

impl HostFacts for NoFacts {
    fn version(&self) -> String {
        "simulated".to_owned()
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

/// Changes what a node is configured to.
pub type Configure = Rc<dyn Fn(&mut Config)>;

/// What surrounds the lives of one node.
#[derive(Clone)]
pub struct Habitat {
    pub node: u64,
    /// How many nodes there are.
    pub nodes: u64,
    pub shards: u16,
    /// Other people's actors, each with its settings.
    pub extensions: Rc<[(Extension, Table)]>,
    /// What is different from a node as it is configured by default.
    pub configure: Configure,
    /// From then on nothing panics.
    pub panics_until: Duration,
    pub seed: u64,
    pub disk: Rc<Disk>,
    pub trace: Trace,
    pub history: SharedHistory,
    pub given_up: GivenUp,
}

/// One life of a node, until it is crashed.
pub async fn live(around: Habitat) -> turmoil::Result {
    let life = format!("{} life {}", name(around.node), around.disk.next_opening());
    tokio::task::spawn_local(commit(
        Rc::clone(&around.disk),
        Dice::new(around.seed, &format!("{life} disk")),
    ));
    let mut dice = Dice::new(around.seed, &format!("{life} cache"));
    let cache = CACHE_BYTES_MAX * dice.below(2);
    let options = options(&around, seed_of(around.seed, &life), cache)?;
    let started = start(options).await?;
    around.trace.note(now(), &format!("{life} serves"));
    haunt(&started, &life, &around).await
}

/// Makes an actor panic now and then: each must start again, and no other may.
async fn haunt(node: &Node, life: &str, around: &Habitat) -> turmoil::Result {
    let mut dice = Dice::new(around.seed, &format!("{life} panics"));
    let mut planned = 0;
    let mut victim = (0, false);
    let mut again = true;
    loop {
        // Twice in a row and no more, so that work gets done in between.
        again = !again && dice.one_in(PANICS_PER_HASTE);
        let (least, most) = match again {
            true => PANIC_AGAIN_MS,
            false => PANIC_EVERY_MS,
        };
        let pause = dice.between(least, most);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        if now() < around.panics_until {
            planned += 1;
            if !again {
                let shard = usize::try_from(dice.below(node.replicas.len() as u64))?;
                victim = (shard, dice.one_in(2));
            }
            let (shard, replica) = victim;
            let who = panic(node, shard, replica).await;
            around
                .trace
                .note(now(), &format!("{life}: {who}, shard {shard}"));
            around.history.borrow_mut().happened(who);
        }
        let restarts = node.supervision.restarts();
        if restarts != planned {
            let what = format!(
                "{life}: {restarts} restarts for {planned} panics at {:?}",
                now()
            );
            around.trace.fail(what);
        }
    }
}

/// The message is lost with the panic, so it is never answered.
async fn panic(node: &Node, shard: usize, replica: bool) -> &'static str {
    if replica {
        let _ = node.replicas[shard].send(PanicNow).await;
        return "a panic of a replica";
    }
    let _ = node.coordinators[shard].send(PanicNow).await;
    "a panic of a coordinator"
}

fn options(around: &Habitat, seed: u64, cache: u64) -> turmoil::Result<NodeOptions> {
    let mut config = config(around.node, around.nodes)?;
    config.storage.record_cache_bytes = cache;
    let extensions = around.extensions.iter();
    let sections = extensions.map(|(known, settings)| (known.name().to_owned(), settings.clone()));
    config.extensions.extend(sections);
    (around.configure)(&mut config);
    let wanted = Identity {
        store: StoreId(seed),
        node: config.node.id,
        cluster: config.cluster.id,
    };
    let store = Arc::clone(&around.disk.store);
    let identity = store.memory().open(wanted)?;
    let (node, given_up) = (around.node, around.given_up.clone());
    Ok(NodeOptions {
        config,
        shell: Shell {
            network: Arc::new(SimulatedNetwork),
            clock: Arc::new(SimulatedClock::new()),
            entropy: Arc::new(SeededEntropy::new(seed)),
            shards: Arc::new(LocalShards),
            store,
        },
        store: identity.store,
        extensions: around
            .extensions
            .iter()
            .map(|(known, _)| known.clone())
            .collect(),
        shards: around.shards,
        host: Arc::new(NoFacts),
        fatal: Arc::new(move |reason| given_up.add(node, reason)),
    })
}

/// Links notice silence sooner than by default, so that a run sees many broken ones; and there are
/// more panics than any node in earnest would bear.
pub fn config(node: u64, nodes: u64) -> turmoil::Result<Config> {
    let member = |node| {
        let (client, bridge) = (client_address(node), format!("{}:7401", name(node)));
        format!("{{ id = {node}, client = \"{client}\", bridge = \"{bridge}\" }}")
    };
    let members = (1..=nodes).map(member).collect::<Vec<_>>().join(", ");
    let text = format!(
        "[node]\nid = {}\ndata_dir = \"unused\"\n\
         [cluster]\nid = \"{}\"\nsecret = \"000102030405060708090a0b0c0d0e0f\"\n\
         members = [{members}]\n[listen]\ninsecure = true\n\
         [links]\nidle_timeout_ms = 1000\n[storage]\nkind = \"memory\"\n\
         [supervision]\nrestarts_max = 1000\n",
        NodeId(node).0,
        ClusterId(7)
    );
    Ok(Config::from_toml(&text)?)
}
