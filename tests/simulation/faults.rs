//! What goes wrong in a run, and when.

use std::rc::Rc;
use std::time::Duration;

use turmoil::Sim;

use crate::dice::Dice;
use crate::disk::Disk;
use crate::node::{NODES, name};
use crate::trace::Trace;

/// The longest time from one fault to the next, in milliseconds.
const PAUSE_MS_MAX: u64 = 1_500;

/// The longest time that a fault lasts, in milliseconds.
const LENGTH_MS_MAX: u64 = 2_500;

/// For how long disks are stuck before their nodes crash, in milliseconds.
const STUCK_MS_MAX: u64 = 300;

/// Two hosts.
type Pair = (String, String);

/// A fault, or its end.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The disks of these nodes write nothing more until the crash: what a node says now
    /// about what it keeps is tested by what it has afterwards.
    Stick(Vec<u64>),
    /// These nodes lose power in the same moment.
    Crash(Vec<u64>),
    Bounce(Vec<u64>),
    /// What is sent is gone.
    Cut(Pair),
    Mend(Pair),
    /// What is sent comes late.
    Hold(Pair),
    Release(Pair),
}

/// The faults of a run, none of which begins long after that time or stays for ever.
pub fn plan(dice: &mut Dice, hosts: &[String], until: Duration) -> Vec<(Duration, Fault)> {
    let mut planned = Vec::new();
    let mut at = Duration::from_secs(1);
    while at < until {
        let length = Duration::from_millis(dice.between(50, LENGTH_MS_MAX));
        let (fault, end) = draw(dice, hosts);
        if let Fault::Crash(nodes) = &fault {
            let stuck = Duration::from_millis(dice.below(STUCK_MS_MAX));
            planned.push((at, Fault::Stick(nodes.clone())));
            at += stuck;
        }
        planned.push((at, fault));
        planned.push((at + length, end));
        at += Duration::from_millis(dice.between(100, PAUSE_MS_MAX));
    }
    // Stable, so that a fault of the last moment still begins before it ends.
    planned.sort_by_key(|(at, _)| *at);
    planned
}

fn draw(dice: &mut Dice, hosts: &[String]) -> (Fault, Fault) {
    match dice.below(8) {
        0..2 => {
            let node = vec![dice.between(1, NODES + 1)];
            (Fault::Crash(node.clone()), Fault::Bounce(node))
        }
        2 => {
            let all: Vec<_> = (1..=NODES).collect();
            (Fault::Crash(all.clone()), Fault::Bounce(all))
        }
        3..6 => {
            let pair = pair(dice, hosts);
            (Fault::Cut(pair.clone()), Fault::Mend(pair))
        }
        _ => {
            let pair = pair(dice, hosts);
            (Fault::Hold(pair.clone()), Fault::Release(pair))
        }
    }
}

/// A node, and another node or a client.
fn pair(dice: &mut Dice, hosts: &[String]) -> Pair {
    let node = dice.below(NODES);
    let other = (node + dice.between(1, hosts.len() as u64)) % hosts.len() as u64;
    let host = |at: u64| hosts[usize::try_from(at).unwrap_or(0)].clone();
    (host(node), host(other))
}

/// Carries out faults.
pub struct Saboteur {
    pub disks: Vec<Rc<Disk>>,
    pub dice: Dice,
    pub trace: Trace,
}

impl Saboteur {
    /// Makes the fault happen.
    pub fn act(&mut self, sim: &mut Sim<'_>, fault: &Fault) {
        self.trace.note(sim.elapsed(), &format!("{fault:?}"));
        match fault {
            Fault::Stick(nodes) => nodes.iter().for_each(|node| self.disk(*node).get_stuck()),
            Fault::Crash(nodes) => nodes.iter().for_each(|node| self.crash(sim, *node)),
            Fault::Bounce(nodes) => nodes.iter().for_each(|node| bounce(sim, *node)),
            Fault::Cut((a, b)) => sim.partition(a.as_str(), b.as_str()),
            Fault::Mend((a, b)) => sim.repair(a.as_str(), b.as_str()),
            Fault::Hold((a, b)) => sim.hold(a.as_str(), b.as_str()),
            Fault::Release((a, b)) => sim.release(a.as_str(), b.as_str()),
        }
    }

    fn disk(&self, node: u64) -> &Rc<Disk> {
        &self.disks[usize::try_from(node - 1).unwrap_or(0)]
    }

    fn crash(&mut self, sim: &mut Sim<'_>, node: u64) {
        // Two faults may overlap, so the node may be down already.
        if sim.is_host_running(name(node)) {
            sim.crash(name(node));
        }
        let disk = Rc::clone(self.disk(node));
        let (kept, unsynced) = disk.lose_power(&mut self.dice);
        let what = format!("{} kept {kept} of {unsynced} unsynced batches", name(node));
        self.trace.note(sim.elapsed(), &what);
    }
}

/// Two faults may overlap, so the node may be up already.
fn bounce(sim: &mut Sim<'_>, node: u64) {
    if !sim.is_host_running(name(node)) {
        sim.bounce(name(node));
    }
}
