//! A simulated node: the real one, with everything around it simulated.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use cartwheel::config::Config;
use cartwheel::node::{ClusterId, NodeId, StoreId};
use cartwheel::store::Identity;
use cartwheel::version::ContextSecret;
use cartwheel_actors::HostFacts;
use cartwheel_actors::extension::Extension;
use cartwheel_actors::node::{NodeOptions, start};
use cartwheel_actors::shell::{LocalShards, SeededEntropy, Shell};
use toml::Table;

use super::clock::SimulatedClock;
use super::given_up::GivenUp;
use super::haunting::haunt;
use super::machine::Machine;
use crate::dice::{Dice, seed_of};
use crate::disk::{Disk, commit};
use crate::history::SharedHistory;
use crate::network::{SimulatedNetwork, Wires};
use crate::trace::{Trace, now};

/// In some lives a node keeps a few records in memory, in some none.
const CACHE_BYTES_MAX: u64 = 4_000;

/// How the names of nodes' hosts begin.
const NODE: &str = "node-";

/// How the names of the hosts of second processes begin.
const TWIN: &str = "twin-of-";

/// The name of a node's host; nodes count from 1.
pub fn name(node: u64) -> String {
    format!("{NODE}{node}")
}

/// Whether a host of that name may be a node's.
pub fn is_of_node(host: &str) -> bool {
    host.starts_with(NODE) || host.starts_with(TWIN)
}

/// The name of the host of a second process with a node's id.
pub fn twin_name(node: u64) -> String {
    format!("{TWIN}{}", name(node))
}

/// Where a node listens for clients and for nodes.
const CLIENT_PORT: u16 = 7400;
const BRIDGE_PORT: u16 = 7401;

/// Where clients reach a second process with a node's id.
pub fn twin_address(node: u64) -> String {
    format!("{}:{CLIENT_PORT}", twin_name(node))
}

/// Where clients reach a node.
pub fn client_address(node: u64) -> String {
    format!("{}:{CLIENT_PORT}", name(node))
}

/// What the nodes of a run seal contexts with, so that whoever judges it can open them.
const SECRET: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// What the nodes of a run seal contexts with.
pub fn secret() -> ContextSecret {
    ContextSecret::new(SECRET)
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
    /// The name of the host that it lives on.
    pub host: String,
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
    pub machine: Machine,
    pub wires: Wires,
    pub trace: Trace,
    pub history: SharedHistory,
    pub given_up: GivenUp,
}

/// One life of a node, until it is crashed.
pub async fn live(around: Habitat) -> turmoil::Result {
    let processor = around.machine.processor.clone();
    processor.run(run(around)).await
}

async fn run(around: Habitat) -> turmoil::Result {
    let life = format!("{} life {}", around.host, around.disk.next_opening());
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

fn options(around: &Habitat, seed: u64, cache: u64) -> turmoil::Result<NodeOptions> {
    let mut config = config(around.node, around.nodes)?;
    config.storage.record_cache_bytes = cache;
    let extensions = around.extensions.iter();
    let sections = extensions.map(|(known, settings)| (known.name().to_owned(), settings.clone()));
    config.extensions.extend(sections);
    (around.configure)(&mut config);
    config.listen.client = format!("{}:{CLIENT_PORT}", around.host);
    config.listen.bridge = format!("{}:{BRIDGE_PORT}", around.host);
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
            network: Arc::new(SimulatedNetwork {
                wires: around.wires.clone(),
            }),
            clock: Arc::new(SimulatedClock::new(around.machine.clock.clone())),
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
        let (client, bridge) = (
            client_address(node),
            format!("{}:{BRIDGE_PORT}", name(node)),
        );
        format!("{{ id = {node}, client = \"{client}\", bridge = \"{bridge}\" }}")
    };
    let members = (1..=nodes).map(member).collect::<Vec<_>>().join(", ");
    let secret: String = SECRET.map(|byte| format!("{byte:02x}")).concat();
    let text = format!(
        "[node]\nid = {}\ndata_dir = \"unused\"\n\
         [cluster]\nid = \"{}\"\nsecret = \"{secret}\"\n\
         members = [{members}]\n[listen]\ninsecure = true\n\
         [links]\nidle_timeout_ms = 1000\n[storage]\nkind = \"memory\"\n\
         [supervision]\nrestarts_max = 1000\n",
        NodeId(node).0,
        ClusterId(7)
    );
    Ok(Config::from_toml(&text)?)
}
