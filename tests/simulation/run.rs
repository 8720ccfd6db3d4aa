//! One run from one seed: work under faults, healing, and a last look at every key.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use cartwheel_client::Client;
use tokio::task::JoinSet;
use turmoil::Sim;

use crate::dice::Dice;
use crate::disk::Disk;
use crate::faults::{Saboteur, plan};
use crate::history::{History, SharedHistory};
use crate::network::SimulatedConnect;
use crate::node::{NODES, client_address, live, name};
use crate::trace::{Trace, now};
use crate::worker::{Worker, keys, values_of};

/// How long clients work, and nodes and links fail.
const WORK: Duration = Duration::from_secs(20);

/// When the last look is taken: broken links are made again, and requests under way are over.
const LOOK: Duration = Duration::from_secs(32);

/// The simulation is stuck if it takes longer.
const END: Duration = Duration::from_secs(60);

/// The hosts that clients run on.
const CLIENTS: [&str; 2] = ["clients-1", "clients-2"];

/// The workers of a host, who share its connections.
const WORKERS: u64 = 4;

/// What a run left.
pub struct Run {
    pub trace: Vec<String>,
    pub history: History,
    /// What must not happen in any run: restarts of actors, nodes that gave up.
    #[cfg_attr(feature = "planted-bugs", allow(dead_code))]
    // With bugs planted, anything may happen.
    pub failures: Vec<String>,
}

/// The run of a seed.
pub fn run(seed: u64) -> Run {
    let trace = Trace::default();
    let history = SharedHistory::default();
    let mut sim = network(seed);
    let disks = nodes(&mut sim, seed, &trace);
    for host in CLIENTS {
        sim.client(host, clients(host, seed, history.clone(), trace.clone()));
    }
    sim.client("auditor", look(seed, history.clone(), trace.clone()));
    let saboteur = Saboteur {
        disks,
        dice: Dice::new(seed, "saboteur"),
        trace: trace.clone(),
    };
    sabotage(&mut sim, saboteur);
    drop(sim);
    Run {
        trace: trace.lines(),
        history: history.take(),
        failures: trace.failures(),
    }
}

fn network(seed: u64) -> Sim<'static> {
    turmoil::Builder::new()
        .rng_seed(seed)
        .epoch(SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000))
        .simulation_duration(END)
        .tick_duration(Duration::from_millis(1))
        .min_message_latency(Duration::from_millis(1))
        .max_message_latency(Duration::from_millis(10))
        .enable_random_order()
        .build()
}

fn nodes(sim: &mut Sim<'static>, seed: u64, trace: &Trace) -> Vec<Rc<Disk>> {
    let nodes = (1..=NODES).map(|node| {
        let disk = Rc::new(Disk::new());
        let (own, trace) = (Rc::clone(&disk), trace.clone());
        let life = move || live(node, seed, Rc::clone(&own), trace.clone());
        sim.host(name(node), life);
        disk
    });
    nodes.collect()
}

/// Steps through the run, and lets the faults happen at their times.
fn sabotage(sim: &mut Sim<'static>, mut saboteur: Saboteur) {
    let mut hosts: Vec<_> = (1..=NODES).map(name).collect();
    hosts.extend(CLIENTS.map(str::to_owned));
    let planned = plan(&mut saboteur.dice, &hosts, WORK);
    let mut planned = planned.iter().peekable();
    loop {
        while let Some((_, fault)) = planned.next_if(|(at, _)| *at <= sim.elapsed()) {
            saboteur.act(sim, fault);
        }
        if sim.step().expect("the simulation goes on") {
            return;
        }
    }
}

async fn client(host: &str, seed: u64) -> Client {
    loop {
        let builder = Client::builder()
            .endpoints((1..=NODES).map(client_address))
            .connect(SimulatedConnect)
            .entropy(Dice::new(seed, host));
        // The nodes are starting as well.
        match builder.build().await {
            Ok(client) => return client,
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn clients(
    host: &'static str,
    seed: u64,
    history: SharedHistory,
    trace: Trace,
) -> turmoil::Result {
    let bucket = client(host, seed).await.bucket("default");
    let mut workers = JoinSet::new();
    for number in 0..WORKERS {
        let name = format!("{host}-{number}");
        let worker = Worker {
            dice: Dice::new(seed, &name),
            name,
            bucket: bucket.clone(),
            history: history.clone(),
            trace: trace.clone(),
            known: BTreeMap::new(),
        };
        workers.spawn_local(worker.work(WORK));
    }
    while let Some(worker) = workers.join_next().await {
        worker?;
    }
    Ok(())
}

/// Reads every key from all its owners, once all is healed.
async fn look(seed: u64, history: SharedHistory, trace: Trace) -> turmoil::Result {
    tokio::time::sleep(LOOK).await;
    let bucket = client("auditor", seed).await.bucket("default");
    for key in keys() {
        let object = bucket.get(&key).r(3).send().await?;
        let values = values_of(&object);
        trace.note(now(), &format!("{key} holds {values:?} at the end"));
        history.borrow_mut().last.insert(key, values);
    }
    Ok(())
}
