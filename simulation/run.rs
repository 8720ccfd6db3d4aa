//! One run: work under faults, healing, and a last look at every key.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use cartwheel_actors::extension::Extension;
use toml::Table;
use turmoil::Sim;

use crate::clients::{AUDITOR, Auditor, Cluster, Lives, heal_always};
use crate::cluster::{GivenUp, Habitat, Machine, Placement, config, default_bucket, live, name};
use crate::dice::Dice;
use crate::disk::{Disk, is_whole};
use crate::faults::{Ledger, Saboteur, disk, plan};
use crate::history::SharedHistory;
use crate::network::{LATENCY_MAX, Wires};
use crate::panics;
use crate::progress::Progress;
use crate::report::Report;
use crate::simulation::{ClientCode, Simulation};
use crate::trace::Trace;

/// Runs what is to be run.
pub fn run(mut simulation: Simulation) -> Report {
    panics::watch();
    let clients = std::mem::take(&mut simulation.clients);
    let cluster = cluster(&simulation, clients.len());
    let mut sim = network(&simulation);
    let mut saboteur = saboteur(&simulation, &cluster, &clients);
    nodes(&mut sim, &simulation, &mut saboteur);
    for (host, code) in clients {
        let killer = saboteur.killers.entry(host.clone()).or_default().clone();
        let lives = Lives::new(cluster.named(&host), code, killer);
        sim.host(host, move || lives.next());
    }
    let auditor = auditor(&mut sim, &simulation, &cluster);
    let at_most = simulation.at_most;
    let ended = sabotage(&mut sim, &mut saboteur, auditor, at_most);
    let length = sim.elapsed();
    drop(sim);
    saboteur.look(length);
    if ended {
        compare(&saboteur);
    }
    saboteur.count_twins();
    count(&saboteur);
    drop(saboteur);
    let history = cluster.history.take();
    let mut report = Report::new(simulation.name, simulation.seed, history);
    report.trace = cluster.trace.lines();
    report.failures = cluster.trace.failures();
    report.failures.extend(panics::unplanned());
    report.length = length;
    if simulation.extensions_write_after.is_none() {
        report.readers = names_of(&simulation.extensions);
    }
    report
}

fn names_of(extensions: &[(Extension, Table)]) -> Vec<String> {
    let names = extensions.iter().map(|(extension, _)| extension.name());
    names.map(str::to_owned).collect()
}

fn cluster(simulation: &Simulation, clients: usize) -> Cluster {
    let default_bucket = Arc::new(default_bucket(simulation.nodes));
    let history = SharedHistory::default();
    history.borrow_mut().opens(&default_bucket);
    history.borrow_mut().extensions_write_after = simulation.extensions_write_after;
    Cluster {
        name: "nobody".to_owned(),
        nodes: simulation.nodes,
        seed: simulation.seed,
        default_bucket,
        history,
        trace: Trace::default(),
        wires: Wires::default(),
        progress: Rc::new(Progress::new(clients)),
    }
}

fn network(simulation: &Simulation) -> Sim<'static> {
    turmoil::Builder::new()
        .rng_seed(simulation.seed)
        .epoch(SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000))
        .simulation_duration(Duration::MAX)
        .tick_duration(simulation.step)
        .min_message_latency(Duration::from_millis(1))
        .max_message_latency(LATENCY_MAX)
        .enable_random_order()
        .build()
}

fn saboteur(
    simulation: &Simulation,
    cluster: &Cluster,
    clients: &[(String, ClientCode)],
) -> Saboteur {
    let (seed, nodes) = (simulation.seed, simulation.nodes);
    let empty = |node| {
        let dice = Dice::new(seed, &format!("{} store", name(node)));
        Rc::new(Disk::new(dice))
    };
    let mut hosts: Vec<_> = (1..=nodes).map(name).collect();
    hosts.extend(clients.iter().map(|(host, _)| host.clone()));
    let mut dice = Dice::new(seed, "saboteur");
    let mut planned = plan(&mut dice, &simulation.mix, nodes, &hosts);
    for (at, fault) in &simulation.planned {
        match fault.names().iter().find(|name| !hosts.contains(name)) {
            Some(stranger) => cluster.trace.fail(format!("{fault:?}: no {stranger} here")),
            None => planned.push((*at, fault.clone())),
        }
    }
    // Stable, so that a fault of the last moment still begins before it ends.
    planned.sort_by_key(|(at, _)| *at);
    let history = cluster.history.clone();
    let placement = placement(simulation, &cluster.trace);
    history.borrow_mut().partition_bits = placement.partition_bits();
    Saboteur {
        disks: (1..=nodes).map(empty).collect(),
        habitats: Vec::new(),
        twins: Vec::new(),
        killers: BTreeMap::new(),
        killed: BTreeSet::new(),
        hosts,
        planned,
        dice,
        trace: cluster.trace.clone(),
        wires: cluster.wires.clone(),
        ledger: Ledger::new(placement, history.clone()),
        history,
        given_up: GivenUp::default(),
        look_at: Duration::ZERO,
        progress: Rc::clone(&cluster.progress),
    }
}

/// Where keys are kept in a cluster that is configured so.
fn placement(simulation: &Simulation, trace: &Trace) -> Placement {
    let bits = config(1, simulation.nodes).map(|mut config| {
        (simulation.configure)(&mut config);
        config.ring.partition_bits()
    });
    let bits = bits.unwrap_or_else(|error| {
        trace.fail(format!("no node can be configured: {error}"));
        0
    });
    Placement::new(simulation.nodes, bits)
}

fn nodes(sim: &mut Sim<'static>, simulation: &Simulation, saboteur: &mut Saboteur) {
    for (node, disk) in (1..).zip(&saboteur.disks) {
        let habitat = Habitat {
            host: name(node),
            node,
            nodes: simulation.nodes,
            shards: simulation.shards,
            extensions: simulation.extensions.clone().into(),
            configure: Rc::clone(&simulation.configure),
            panics_until: simulation.mix.panics_until(),
            seed: simulation.seed,
            disk: Rc::clone(disk),
            machine: Machine::default(),
            wires: saboteur.wires.clone(),
            trace: saboteur.trace.clone(),
            history: saboteur.history.clone(),
            given_up: saboteur.given_up.clone(),
        };
        saboteur.habitats.push(habitat.clone());
        sim.host(name(node), move || live(habitat.clone()));
    }
}

/// Who looks at everything in the end. Where records are destroyed it heals them meanwhile; elsewhere
/// it has nothing to do until then, and each host costs as much as any other at every step.
fn auditor(sim: &mut Sim<'static>, simulation: &Simulation, cluster: &Cluster) -> Option<Auditor> {
    let auditor = |name: &str| Auditor {
        cluster: cluster.named(name),
    };
    if !simulation.mix.destroys() {
        return Some(auditor(AUDITOR));
    }
    let (healer, auditor) = (auditor("healer"), auditor(AUDITOR));
    sim.client(AUDITOR, async {
        heal_always(healer).await?;
        auditor.look().await
    });
    None
}

/// Steps through the run, and lets the faults happen at their times. An auditor that waits begins
/// when all is healed. False if somebody waits for what never comes.
fn sabotage(
    sim: &mut Sim<'static>,
    saboteur: &mut Saboteur,
    mut waiting: Option<Auditor>,
    at_most: Duration,
) -> bool {
    while sim.elapsed() <= at_most {
        saboteur.act(sim);
        if let Some(auditor) = waiting.take_if(|_| saboteur.progress.is_healed()) {
            sim.client(AUDITOR, auditor.look());
        }
        match sim.step() {
            Ok(true) if waiting.is_none() => return true,
            Ok(_) => {}
            Err(error) => {
                saboteur.trace.fail(format!("it broke off: {error}"));
                return false;
            }
        }
    }
    let at_work = saboteur.at_work(sim);
    let what = format!("it does not end within {at_most:?}: {at_work:?} are still at work");
    saboteur.trace.fail(what);
    false
}

/// After every key was read from all its owners, they are the same byte for byte; but for a
/// bit that flipped behind the back of a node that has the record in memory.
fn compare(saboteur: &Saboteur) {
    let placement = saboteur.ledger.placement();
    let history = saboteur.history.borrow();
    for key in &history.keys {
        let stored = placement.stored(key);
        let owners = placement.owners(key);
        let found = |owner: &u64| disk(&saboteur.disks, *owner).found(&stored);
        let mut records: Vec<_> = owners.iter().map(found).collect();
        records.retain(|record| record.as_ref().is_none_or(is_whole));
        if records.windows(2).any(|pair| pair[0] != pair[1]) {
            let what = format!("the owners {owners:?} of {key} differ at the end");
            saboteur.trace.fail(what);
        }
        if !history.last.contains_key(key) {
            saboteur
                .trace
                .fail(format!("nobody took a last look at {key}"));
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
    let broken = saboteur.wires.broken();
    history
        .happened
        .extend(broken.into_iter().filter(|(_, count)| *count > 0));
}
