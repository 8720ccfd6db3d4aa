//! The tests of the tests: each planted bug must turn a check of the simulation red.

use cartwheel::planted_bug::{PlantedBug, plant};
use cartwheel_simulation::campaign::{BAD_DISKS, FIVE_NODES, Kind, THREE_NODES};

/// The first of these seeds that turns a check red is enough.
const SEEDS_MAX: u64 = 20;

/// Each bug, and the kind of run that shows it soonest.
const BUGS: [(PlantedBug, Kind); 13] = [
    (PlantedBug::TakeAnythingForACorrupt, BAD_DISKS),
    (PlantedBug::SkipTheSync, THREE_NODES),
    (PlantedBug::DropASibling, THREE_NODES),
    (PlantedBug::LastWriterWins, THREE_NODES),
    (PlantedBug::AnswerUnsynced, THREE_NODES),
    (PlantedBug::ContextOfAnotherKey, THREE_NODES),
    (PlantedBug::IgnoreTheRequestId, FIVE_NODES),
    (PlantedBug::ReuseOperationIds, FIVE_NODES),
    (PlantedBug::AnswerBeforeTheRepair, THREE_NODES),
    (PlantedBug::LeaveTheCorrupt, BAD_DISKS),
    (PlantedBug::AcknowledgeBeforeWrite, THREE_NODES),
    (PlantedBug::SkipTheOverlay, THREE_NODES),
    (PlantedBug::ReuseAnOrigin, THREE_NODES),
];

/// One test for all, because what is planted is planted for the whole process.
#[test]
fn every_planted_bug_is_found_within_twenty_seeds() {
    let mut unnoticed = Vec::new();
    for (bug, kind) in BUGS {
        plant(Some(bug));
        let red = (1..=SEEDS_MAX).find_map(|seed| Some((seed, red(kind, seed)?)));
        plant(None);
        match red {
            Some((seed, what)) => println!("{bug:?}: {}, seed {seed}: {what}", kind.name),
            None => unnoticed.push(bug),
        }
    }
    assert!(unnoticed.is_empty(), "nothing noticed {unnoticed:?}");
}

/// What a run shows that it must not, the first of each check.
fn red(kind: Kind, seed: u64) -> Option<String> {
    let report = kind.simulation(seed).run();
    assert!(!report.trace.is_empty());
    let mut first: Vec<_> = Vec::new();
    for violation in &report.violations {
        let kind = std::mem::discriminant(violation);
        if first
            .iter()
            .all(|first| std::mem::discriminant(*first) != kind)
        {
            first.push(violation);
        }
    }
    let count = report.violations.len();
    let failures = report.failures.first();
    let is_red = count > 0 || failures.is_some();
    let length = report.length;
    is_red.then(|| format!("{count} violations in {length:?}, {first:?}, failures {failures:?}"))
}
