//! What must hold in every run, and what must happen in some.

use std::collections::BTreeMap;
use std::time::Duration;

use cartwheel_simulation::checker::check;
use cartwheel_simulation::{
    BAD_DISKS, FIVE_BAD_DISKS, FIVE_NODES, Scenario, THREE_NODES, keys, run,
};

use crate::seeds::Seeds;

#[test]
fn three_nodes_keep_every_invariant_under_crashes_panics_and_partitions() {
    hold(THREE_NODES, &[]);
}

#[test]
fn five_nodes_that_hand_requests_on_keep_every_invariant() {
    hold(FIVE_NODES, &["a request that was handed on"]);
}

#[test]
fn disks_that_fail_and_lie_and_are_lost_break_no_invariant() {
    hold(BAD_DISKS, &DAMAGES);
}

#[test]
fn five_nodes_with_bad_disks_keep_every_invariant() {
    hold(FIVE_BAD_DISKS, &DAMAGES);
}

const DAMAGES: [&str; 4] = [
    "a record that was corrupted",
    "a read of the disk that failed",
    "a store that failed",
    "a store that was wiped",
];

/// What every kind of run must show in some of its seeds, or it tests less than it says.
const SOMETIMES: [&str; 11] = [
    "a write that was acknowledged",
    "a write of unknown outcome",
    "a write that was refused",
    "a read that was answered",
    "a read that failed",
    "a read that was hedged",
    "a repair before the answer",
    "a panic of a replica",
    "a panic of a coordinator",
    "a record that was not in memory",
    "a load that overtook another",
];

fn hold(scenario: Scenario, sometimes: &[&str]) {
    let seeds = Seeds::asked_for();
    let mut happened: BTreeMap<&str, u64> = BTreeMap::new();
    let mut length = Duration::ZERO;
    let mut red = Vec::new();
    for seed in seeds.all.clone() {
        let run = run(scenario, seed);
        if seeds.told {
            println!("{scenario:?}, seed {seed}\n{}", run.trace.join("\n"));
        }
        let violations = check(&run.history);
        let looked = run.history.last.len() == keys().count();
        if !(run.failures.is_empty() && violations.is_empty() && looked) {
            red.push(format!("seed {seed}: {:?} {violations:?}", run.failures));
        }
        for (what, count) in run.history.happened {
            *happened.entry(what).or_default() += count;
        }
        length += run.length;
    }
    let all = &seeds.all;
    println!("{scenario:?}: seeds {all:?}, {length:?} simulated, {happened:?}");
    assert!(red.is_empty(), "{scenario:?}\n{}", red.join("\n"));
    let sometimes = SOMETIMES.iter().chain(sometimes);
    for what in sometimes.filter(|_| seeds.are_some()) {
        assert!(happened.contains_key(what), "{scenario:?} never saw {what}");
    }
}
