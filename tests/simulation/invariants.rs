//! What must hold in every run, and what must happen in some.

use std::collections::BTreeMap;
use std::time::Duration;

use cartwheel_simulation::campaign::{BAD_DISKS, FIVE_BAD_DISKS, FIVE_NODES, Kind, THREE_NODES};

/// The seeds of a kind of run: a few, and `make sim` has more.
const SEEDS: u64 = 4;

#[test]
fn three_nodes_keep_every_invariant_under_crashes_panics_and_partitions() {
    hold(THREE_NODES);
}

#[test]
fn five_nodes_that_hand_requests_on_keep_every_invariant() {
    hold(FIVE_NODES);
}

#[test]
fn disks_that_fail_and_lie_and_are_lost_break_no_invariant() {
    hold(BAD_DISKS);
}

#[test]
fn five_nodes_with_bad_disks_keep_every_invariant() {
    hold(FIVE_BAD_DISKS);
}

fn hold(kind: Kind) {
    let mut happened: BTreeMap<&str, u64> = BTreeMap::new();
    let mut length = Duration::ZERO;
    let mut red = Vec::new();
    for seed in 1..=SEEDS {
        let report = kind.simulation(seed).run();
        if !report.is_clean() {
            red.push(report.explain());
        }
        for (what, count) in report.history.happened {
            *happened.entry(what).or_default() += count;
        }
        length += report.length;
    }
    println!("{}: {length:?} simulated, {happened:?}", kind.name);
    assert!(red.is_empty(), "{}", red.join("\n"));
    for what in kind.sometimes() {
        assert!(
            happened.contains_key(what),
            "{} never saw {what}",
            kind.name
        );
    }
}
