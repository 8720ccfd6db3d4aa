//! Makes the faults happen, within what the owners of a key can bear.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use turmoil::Sim;

use super::ledger::{Ledger, disk};
use super::twin::Twin;
use super::{Fault, MachineFault, Pair, Planned};
use crate::clients::Killer;
use crate::cluster::{GivenUp, Habitat, name};
use crate::dice::Dice;
use crate::disk::Disk;
use crate::history::SharedHistory;
use crate::network::{LATENCY_MAX, Wires};
use crate::progress::Progress;
use crate::trace::Trace;

/// How the reason of a node begins that ends because of its store.
const STORE_FAILED: &str = "the store failed to ";

/// How long a node that gave up stays down, at most, in milliseconds.
const DOWN_MS_MAX: u64 = 1_000;

/// The time between two looks into the stores.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Carries out faults.
pub struct Saboteur {
    pub disks: Vec<Rc<Disk>>,
    pub habitats: Vec<Habitat>,
    pub twins: Vec<Twin>,
    /// By client.
    pub killers: BTreeMap<String, Killer>,
    /// The clients whose host has not run since they were killed.
    pub killed: BTreeSet<String>,
    /// The nodes first, then the clients.
    pub hosts: Vec<String>,
    pub dice: Dice,
    pub trace: Trace,
    pub wires: Wires,
    pub history: SharedHistory,
    pub ledger: Ledger,
    pub given_up: GivenUp,
    pub planned: Vec<Planned>,
    /// When the stores are looked into next.
    pub look_at: Duration,
    pub progress: Rc<Progress>,
}

impl Saboteur {
    /// Does what is due.
    pub fn act(&mut self, sim: &mut Sim<'_>) {
        let now = sim.elapsed();
        self.ledger.learn();
        for (node, reason) in self.given_up.take() {
            self.end(sim, node, &reason);
        }
        self.end_twins(sim);
        self.begin_anew(sim);
        let due = self.planned.partition_point(|(at, _)| *at <= now);
        for (_, fault) in self.planned.drain(..due).collect::<Vec<_>>() {
            self.make(sim, &fault);
        }
        if self.look_at <= now {
            self.look_at = now + LOOK_EVERY;
            self.look(now);
        }
        if self.planned.is_empty() && self.progress.is_work_done() {
            self.heal(sim);
            self.progress.heal(now);
        }
    }

    /// Whatever is still broken is whole again, and stays so.
    fn heal(&mut self, sim: &mut Sim<'_>) {
        self.trace.note(sim.elapsed(), "all is healed");
        for (at, host) in self.hosts.iter().enumerate() {
            for other in &self.hosts[..at] {
                sim.release(host.as_str(), other.as_str());
                sim.repair(host.as_str(), other.as_str());
                sim.set_link_max_message_latency(host.as_str(), other.as_str(), LATENCY_MAX);
            }
        }
        self.wires.mend();
        self.disks.iter().for_each(|disk| disk.work_again());
        for habitat in &self.habitats {
            habitat.machine.processor.run_again();
            habitat.machine.clock.set_right();
        }
        (1..=self.disks.len() as u64).for_each(|node| restart(sim, node));
    }

    /// Looks at all stores: what were they given, and is the damage healed?
    pub fn look(&mut self, now: Duration) {
        self.ledger.learn();
        self.note_versions();
        self.remember(now);
        self.ledger.heal(&self.disks, now);
    }

    /// A node that says that it can't go on is a process that has ended.
    fn end(&mut self, sim: &mut Sim<'_>, node: u64, reason: &str) {
        self.trace
            .note(sim.elapsed(), &format!("{} gave up: {reason}", name(node)));
        // A disk that was told to fail excuses that it did, and nothing else.
        let of_the_store = reason.starts_with(STORE_FAILED);
        if of_the_store && disk(&self.disks, node).was_told_to_fail() {
            self.history.borrow_mut().happened("a store that failed");
        } else {
            self.trace.fail(format!("{} gave up: {reason}", name(node)));
        }
        self.crash(sim, node);
        let back = sim.elapsed() + Duration::from_millis(self.dice.between(50, DOWN_MS_MAX));
        let at = self.planned.partition_point(|(at, _)| *at <= back);
        self.planned.insert(at, (back, Fault::Restart(vec![node])));
    }

    fn make(&mut self, sim: &mut Sim<'_>, fault: &Fault) {
        let now = sim.elapsed();
        self.trace.note(now, &format!("{fault:?}"));
        *self
            .history
            .borrow_mut()
            .faults
            .entry(fault.name())
            .or_default() += 1;
        match fault {
            Fault::Stick(nodes) => nodes.iter().for_each(|node| self.disk(*node).get_stuck()),
            Fault::StickSyncs(nodes) => {
                nodes
                    .iter()
                    .for_each(|node| self.disk(*node).get_stuck_at_syncs());
            }
            Fault::Unstick(nodes) => nodes.iter().for_each(|node| self.disk(*node).unstick()),
            Fault::Crash(nodes) => nodes.iter().for_each(|node| self.crash(sim, *node)),
            Fault::Restart(nodes) => nodes.iter().for_each(|node| restart(sim, *node)),
            Fault::Cut(pairs) => each(pairs, |a, b| sim.partition(a, b)),
            Fault::CutOneWay(pairs) => each(pairs, |a, b| sim.partition_oneway(a, b)),
            Fault::Break(pairs) => each(pairs, |a, b| self.wires.cut(a, b, &mut self.dice)),
            Fault::Mend(pairs) => each(pairs, |a, b| sim.repair(a, b)),
            Fault::Hold(pairs) => each(pairs, |a, b| sim.hold(a, b)),
            Fault::Release(pairs) => each(pairs, |a, b| sim.release(a, b)),
            Fault::SlowLinks(pairs, at_most) => each(pairs, |a, b| {
                sim.set_link_max_message_latency(a, b, *at_most);
            }),
            Fault::Wipe(node) => self.wipe(sim, *node),
            Fault::CopyDisk(node) => self.disk(*node).copy(),
            Fault::RollBack(node) => self.roll_back(sim, *node),
            Fault::OpenTwice(node) => self.open_twice(sim, *node),
            Fault::Fail(node, operation) => self.disk(*node).fail_next(*operation),
            Fault::Corrupt { node, key, at } => self.corrupt_one(*node, key, *at),
            Fault::CorruptUnshared { node, lacking } => {
                self.corrupt_unshared(*node, *lacking);
            }
            Fault::Unreadable { node, key, times } => self.unreadable(*node, key, *times),
            Fault::UnreadableData { node, times } => {
                self.disk(*node).store.fail_data_reads(*times);
            }
            Fault::KillClient(client) => self.kill_client(sim, client),
            Fault::Machine(node, fault) => self.machine(sim, *node, *fault),
            Fault::Readable => self.disks.iter().for_each(|d| d.store.can_read_again()),
        }
    }

    pub(super) fn disk(&self, node: u64) -> &Rc<Disk> {
        disk(&self.disks, node)
    }

    pub(super) fn crash(&mut self, sim: &mut Sim<'_>, node: u64) {
        // Two faults may overlap, so the node may be down already.
        if sim.is_host_running(name(node)) {
            sim.crash(name(node));
        }
        let disk = Rc::clone(self.disk(node));
        let (mut kept, mut unsynced) = (0, 0);
        self.losing(node, sim.elapsed(), |saboteur| {
            (kept, unsynced) = disk.lose_power(&mut saboteur.dice);
        });
        let what = format!("{} kept {kept} of {unsynced} unsynced batches", name(node));
        self.trace.note(sim.elapsed(), &what);
    }

    fn machine(&self, sim: &Sim<'_>, node: u64, fault: MachineFault) {
        let at = usize::try_from(node - 1).unwrap_or(0);
        fault.happen(&self.habitats[at].machine, sim.since_epoch());
    }
}

/// Two faults may overlap, so the node may be up already.
fn restart(sim: &mut Sim<'_>, node: u64) {
    if !sim.is_host_running(name(node)) {
        sim.bounce(name(node));
    }
}

/// A host has no link to itself.
fn each(pairs: &[Pair], mut act: impl FnMut(&str, &str)) {
    let links = pairs.iter().filter(|(a, b)| a != b);
    links.for_each(|(a, b)| act(a, b));
}
