//! One run from one seed: work under faults, healing, and a last look at every key.

use std::rc::Rc;
use std::time::{Duration, SystemTime};

use tokio::task::JoinSet;
use turmoil::Sim;

use crate::clients::{Auditor, Surroundings, Temper, Worker, client, heal_always, keys};
use crate::cluster::{GivenUp, Habitat, Placement, live, name};
use crate::dice::Dice;
use crate::disk::{Disk, is_whole};
use crate::faults::{Ledger, Saboteur, disk, plan};
use crate::history::{History, SharedHistory};
use crate::panics;
use crate::scenario::Scenario;
use crate::trace::Trace;

/// How long clients work, and nodes and links fail.
const WORK: Duration = Duration::from_secs(20);

/// When the last look is taken: broken links are made again, and requests under way are over.
const LOOK: Duration = Duration::from_secs(32);

/// The simulation is stuck if it takes longer.
const END: Duration = Duration::from_secs(90);

/// The hosts that clients run on, and how those deal with what goes wrong.
const CLIENTS: [(&str, Temper); 2] = [("patient", Temper::Patient), ("hasty", Temper::Hasty)];

/// The workers of a host, who share its connections; every other one is careful.
const WORKERS: u64 = 4;

/// What a run left.
pub struct Run {
    /// What happened, a line each, free of the machine's time.
    pub trace: Vec<String>,
    /// What the clients know.
    pub history: History,
    /// What must not happen in any run, beside what the history shows: restarts without a
    /// panic, panics that nobody asked for, nodes that gave up, owners that differ.
    pub failures: Vec<String>,
    /// How long it was, in simulated time.
    pub length: Duration,
}

/// The run of a seed.
pub fn run(scenario: Scenario, seed: u64) -> Run {
    panics::watch();
    let trace = Trace::default();
    let history = SharedHistory::default();
    let mut sim = network(seed);
    let mut saboteur = saboteur(scenario, seed, &history, &trace);
    nodes(&mut sim, scenario, seed, &saboteur);
    for (host, temper) in CLIENTS {
        let (history, trace) = (history.clone(), trace.clone());
        sim.client(host, clients(host, temper, scenario, seed, history, trace));
    }
    if scenario.bad_disks {
        let (history, trace) = (history.clone(), trace.clone());
        sim.client(
            "healer",
            heal_always(scenario.nodes, seed, history, trace, LOOK),
        );
    }
    let auditor = Auditor {
        nodes: scenario.nodes,
        seed,
        history: history.clone(),
        trace: trace.clone(),
    };
    sim.client("auditor", auditor.look(LOOK));
    sabotage(&mut sim, &mut saboteur);
    let length = sim.elapsed();
    drop(sim);
    saboteur.look(length);
    compare(&saboteur);
    count(&saboteur);
    drop(saboteur);
    let mut failures = trace.failures();
    failures.extend(panics::unplanned());
    Run {
        trace: trace.lines(),
        history: history.take(),
        failures,
        length,
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

fn saboteur(scenario: Scenario, seed: u64, history: &SharedHistory, trace: &Trace) -> Saboteur {
    let empty = |node| {
        let dice = Dice::new(seed, &format!("{} store", name(node)));
        Rc::new(Disk::new(dice))
    };
    let mut hosts: Vec<_> = (1..=scenario.nodes).map(name).collect();
    hosts.extend(CLIENTS.map(|(host, _)| host.to_owned()));
    let mut dice = Dice::new(seed, "saboteur");
    Saboteur {
        disks: (1..=scenario.nodes).map(empty).collect(),
        planned: plan(&mut dice, scenario, &hosts, WORK),
        dice,
        trace: trace.clone(),
        history: history.clone(),
        ledger: Ledger::new(Placement::new(scenario.nodes), history.clone()),
        given_up: GivenUp::default(),
        look_at: Duration::ZERO,
    }
}

fn nodes(sim: &mut Sim<'static>, scenario: Scenario, seed: u64, saboteur: &Saboteur) {
    for (node, disk) in (1..).zip(&saboteur.disks) {
        let habitat = Habitat {
            node,
            nodes: scenario.nodes,
            seed,
            disk: Rc::clone(disk),
            trace: saboteur.trace.clone(),
            history: saboteur.history.clone(),
            given_up: saboteur.given_up.clone(),
        };
        sim.host(name(node), move || live(habitat.clone()));
    }
}

/// Steps through the run, and lets the faults happen at their times.
fn sabotage(sim: &mut Sim<'static>, saboteur: &mut Saboteur) {
    loop {
        saboteur.act(sim);
        match sim.step() {
            Ok(false) => {}
            Ok(true) => return,
            // Somebody waits for what never comes.
            Err(error) => return saboteur.trace.fail(format!("it does not end: {error}")),
        }
    }
}

/// After every key was read from all its owners, they are the same byte for byte; but for a
/// bit that flipped behind the back of a node that has the record in memory.
fn compare(saboteur: &Saboteur) {
    let placement = saboteur.ledger.placement();
    for key in keys() {
        let stored = placement.stored(&key);
        let owners = placement.owners(&key);
        let found = |owner: &u64| disk(&saboteur.disks, *owner).found(&stored);
        let mut records: Vec<_> = owners.iter().map(found).collect();
        records.retain(|record| record.as_ref().is_none_or(is_whole));
        if records.windows(2).any(|pair| pair[0] != pair[1]) {
            let what = format!("the owners {owners:?} of {key} differ at the end");
            saboteur.trace.fail(what);
        }
    }
}

fn count(saboteur: &Saboteur) {
    let mut history = saboteur.history.borrow_mut();
    for disk in &saboteur.disks {
        for (what, count) in disk.store.met() {
            *history.happened.entry(what).or_default() += count;
        }
    }
}

async fn clients(
    host: &'static str,
    temper: Temper,
    scenario: Scenario,
    seed: u64,
    history: SharedHistory,
    trace: Trace,
) -> turmoil::Result {
    let retries = match temper {
        Temper::Patient => 4,
        Temper::Hasty => 0,
    };
    let client = client(host, seed, 1..=scenario.nodes, retries).await;
    let around = Surroundings {
        bucket: client.bucket("default"),
        temper,
        forwards: scenario.nodes > 3,
        history,
        trace,
    };
    let mut workers = JoinSet::new();
    for number in 0..WORKERS {
        let name = format!("{host}-{number}");
        let dice = Dice::new(seed, &name);
        let worker = Worker::new(name, number % 2 == 0, dice, &around);
        workers.spawn_local(worker.work(WORK));
    }
    while let Some(worker) = workers.join_next().await {
        worker?;
    }
    Ok(())
}
