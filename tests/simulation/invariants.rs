//! What must hold in every run, and what must happen in some: a few seeds of each kind, and
//! `make sim` has more.

use cartwheel_simulation::campaign::{
    BAD_DISKS, FIVE_BAD_DISKS, FIVE_NODES, Kind, SEEDS_FOR_SOMETIMES, THREE_NODES, campaign,
};

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
    for (kind, totals) in campaign(&[kind], SEEDS_FOR_SOMETIMES, 1, || {}) {
        println!("{}: {totals:?}", kind.name);
        let red: Vec<_> = totals.red.values().cloned().collect();
        assert!(red.is_empty(), "{}", red.join("\n"));
        assert_eq!(totals.never_happened(kind), [""; 0], "{}", kind.name);
    }
}
