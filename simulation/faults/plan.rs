//! What goes wrong in a run, and when, as its seed decides.

use std::time::Duration;

use cartwheel::store::StoreOperation;

use super::{Fault, Pair};
use crate::clients::keys;
use crate::cluster::name;
use crate::dice::Dice;
use crate::scenario::Scenario;

/// The longest time from one fault to the next, in milliseconds.
const PAUSE_MS_MAX: u64 = 1_500;

/// The longest time that a fault lasts, in milliseconds.
const LENGTH_MS_MAX: u64 = 2_500;

/// For how long disks are stuck before their nodes crash, in milliseconds.
const STUCK_MS_MAX: u64 = 300;

/// For how long a node works alone at most, in milliseconds: its links hold for longer.
const ALONE_MS_MAX: u64 = 900;

/// How often a record can't be read, at most.
const FAILED_READS_MAX: u64 = 3;

/// The faults of a run, none of which begins long after that time or stays for ever.
pub fn plan(
    dice: &mut Dice,
    scenario: Scenario,
    hosts: &[String],
    until: Duration,
) -> Vec<(Duration, Fault)> {
    let mut planned = vec![(until, Fault::Readable)];
    let mut at = Duration::from_secs(1);
    while at < until {
        let length = Duration::from_millis(dice.between(50, LENGTH_MS_MAX));
        if scenario.bad_disks && dice.one_in(8) {
            planned.extend(ambush(dice, scenario.nodes, at));
        }
        let (fault, end) = draw(dice, scenario, hosts);
        if let Fault::Crash(nodes) = &fault {
            let stuck = Duration::from_millis(dice.below(STUCK_MS_MAX));
            planned.push((at, Fault::Stick(nodes.clone())));
            at += stuck;
        }
        planned.push((at, fault));
        planned.extend(end.map(|end| (at + length, end)));
        at += Duration::from_millis(dice.between(100, PAUSE_MS_MAX));
    }
    // Stable, so that a fault of the last moment still begins before it ends.
    planned.sort_by_key(|(at, _)| *at);
    planned
}

fn draw(dice: &mut Dice, scenario: Scenario, hosts: &[String]) -> (Fault, Option<Fault>) {
    let nodes = scenario.nodes;
    if scenario.bad_disks && dice.one_in(2) {
        return draw_disk(dice, nodes);
    }
    match dice.below(8) {
        0..2 => {
            let node = vec![dice.between(1, nodes + 1)];
            (Fault::Crash(node.clone()), Some(Fault::Bounce(node)))
        }
        2 => {
            let all: Vec<_> = (1..=nodes).collect();
            (Fault::Crash(all.clone()), Some(Fault::Bounce(all)))
        }
        3..6 => {
            let pair = pair(dice, nodes, hosts);
            (Fault::Cut(pair.clone()), Some(Fault::Mend(pair)))
        }
        _ => {
            let pair = pair(dice, nodes, hosts);
            (Fault::Hold(pair.clone()), Some(Fault::Release(pair)))
        }
    }
}

fn draw_disk(dice: &mut Dice, nodes: u64) -> (Fault, Option<Fault>) {
    let node = dice.between(1, nodes + 1);
    let key = key(dice);
    match dice.below(10) {
        0 => (Fault::Wipe(node), Some(Fault::Bounce(vec![node]))),
        1 => (Fault::Fail(node, StoreOperation::Write), None),
        2 => (Fault::Fail(node, StoreOperation::Sync), None),
        3..7 => {
            let at = usize::try_from(dice.below(1 << 16)).unwrap_or(0);
            (Fault::Corrupt { node, key, at }, None)
        }
        _ => {
            let times = u32::try_from(dice.between(1, FAILED_READS_MAX + 1)).unwrap_or(1);
            (Fault::Unreadable { node, key, times }, None)
        }
    }
}

/// A node works alone, and knows nothing of what the others write; what it has written reaches
/// one of them in the moment in which that one has lost what it knows.
fn ambush(dice: &mut Dice, nodes: u64, at: Duration) -> Vec<(Duration, Fault)> {
    let lacking = dice.between(1, nodes + 1);
    let node = 1 + (lacking + dice.below(nodes - 1)) % nodes;
    let end = at + Duration::from_millis(dice.between(100, ALONE_MS_MAX));
    let others = (1..=nodes).filter(|other| *other != lacking);
    let pairs: Vec<Pair> = others.map(|other| (name(lacking), name(other))).collect();
    let mut faults: Vec<_> = pairs
        .iter()
        .map(|pair| (at, Fault::Hold(pair.clone())))
        .collect();
    faults.push((end, Fault::CorruptUnshared { node, lacking }));
    faults.extend(pairs.into_iter().map(|pair| (end, Fault::Release(pair))));
    faults
}

fn key(dice: &mut Dice) -> String {
    let all: Vec<String> = keys().collect();
    let at = usize::try_from(dice.below(all.len() as u64)).unwrap_or(0);
    all[at].clone()
}

/// A node, and another node or a client.
fn pair(dice: &mut Dice, nodes: u64, hosts: &[String]) -> Pair {
    let node = dice.below(nodes);
    let other = (node + dice.between(1, hosts.len() as u64)) % hosts.len() as u64;
    let host = |at: u64| hosts[usize::try_from(at).unwrap_or(0)].clone();
    (host(node), host(other))
}
