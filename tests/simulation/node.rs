//! A simulated node: the real one, with everything around it simulated.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use cartwheel::config::Config;
use cartwheel::node::{ClusterId, NodeId, StoreId};
use cartwheel::store::Identity;
use cartwheel_actors::HostFacts;
use cartwheel_actors::node::{Node, NodeOptions, start};
use cartwheel_actors::shell::{LocalShards, SeededEntropy, Shell};

use crate::clock::SimulatedClock;
use crate::dice::{Dice, seed_of};
use crate::disk::{Disk, commit};
use crate::network::SimulatedNetwork;
use crate::trace::{Trace, now};

/// The nodes of every run.
pub const NODES: u64 = 3;

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

/// One life of a node, until it is crashed.
pub async fn live(node: u64, seed: u64, disk: Rc<Disk>, trace: Trace) -> turmoil::Result {
    let life = format!("{} life {}", name(node), disk.next_opening());
    tokio::task::spawn_local(commit(
        Rc::clone(&disk),
        Dice::new(seed, &format!("{life} disk")),
    ));
    let options = options(node, seed_of(seed, &life), &disk, &trace)?;
    let started = start(options).await?;
    trace.note(now(), &format!("{life} serves"));
    watch(&started, &life, &trace).await
}

/// No run makes an actor panic, so a restart is a bug.
async fn watch(node: &Node, life: &str, trace: &Trace) -> turmoil::Result {
    let mut restarts = 0;
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        if node.supervision.restarts() > restarts {
            restarts = node.supervision.restarts();
            trace.fail(format!("{life}: {restarts} restarts at {:?}", now()));
        }
    }
}

fn options(node: u64, seed: u64, disk: &Disk, trace: &Trace) -> turmoil::Result<NodeOptions> {
    let config = config(node)?;
    let wanted = Identity {
        store: StoreId(seed),
        node: config.node.id,
        cluster: config.cluster.id,
    };
    let identity = disk.store.open(wanted)?;
    let trace = trace.clone();
    Ok(NodeOptions {
        config,
        shell: Shell {
            network: Arc::new(SimulatedNetwork),
            clock: Arc::new(SimulatedClock::new()),
            entropy: Arc::new(SeededEntropy::new(seed)),
            shards: Arc::new(LocalShards),
            store: Arc::clone(&disk.store) as _,
        },
        store: identity.store,
        shards: 2,
        host: Arc::new(NoFacts),
        fatal: Arc::new(move |reason| trace.fail(format!("node {node} gave up: {reason}"))),
    })
}

/// Links notice silence sooner than by default, so that a run sees many broken ones.
fn config(node: u64) -> turmoil::Result<Config> {
    let member = |node| {
        let (client, bridge) = (client_address(node), format!("{}:7401", name(node)));
        format!("{{ id = {node}, client = \"{client}\", bridge = \"{bridge}\" }}")
    };
    let members = (1..=NODES).map(member).collect::<Vec<_>>().join(", ");
    let text = format!(
        "[node]\nid = {}\ndata_dir = \"unused\"\n\
         [cluster]\nid = \"{}\"\nsecret = \"000102030405060708090a0b0c0d0e0f\"\n\
         members = [{members}]\n[listen]\ninsecure = true\n\
         [links]\nidle_timeout_ms = 1000\n[storage]\nkind = \"memory\"\n",
        NodeId(node).0,
        ClusterId(7)
    );
    Ok(Config::from_toml(&text)?)
}
