//! The tests of the tests: each planted bug must turn a check of the simulation red.

use cartwheel::planted_bug::{PlantedBug, plant};
use cartwheel_simulation::Simulation;
use cartwheel_simulation::campaign::{BAD_DISKS, FIVE_NODES, Kind, THREE_NODES};

mod cases;

/// The first of these seeds that turns a check red is enough.
const SEEDS_MAX: u64 = 20;

/// What shows a bug: a kind of run, or a case.
enum Shown {
    By(Kind),
    In(fn(u64) -> Simulation),
}

use Shown::{By, In};

/// Each bug, and what shows it soonest.
const BUGS: [(PlantedBug, Shown); 36] = [
    (PlantedBug::ForgetTheCovered, By(THREE_NODES)),
    (PlantedBug::KeepTheLosers, By(THREE_NODES)),
    (PlantedBug::StampAMerge, By(THREE_NODES)),
    (PlantedBug::ListOtherBuckets, By(THREE_NODES)),
    (PlantedBug::OverfillAPage, By(THREE_NODES)),
    (PlantedBug::MissThePartition, By(THREE_NODES)),
    (PlantedBug::WaitForTheAnswer, By(THREE_NODES)),
    (PlantedBug::DrawFromTooFewIds, By(THREE_NODES)),
    (PlantedBug::ListOneOwner, In(cases::listings::simulation)),
    (
        PlantedBug::SkipBehindAFullPage,
        In(cases::listings::simulation),
    ),
    (PlantedBug::AnswerABatchAsItComes, By(THREE_NODES)),
    (
        PlantedBug::WaitForTheDead,
        In(cases::dead_clients::simulation),
    ),
    (PlantedBug::AcknowledgeUnbuffered, By(THREE_NODES)),
    (PlantedBug::SyncNoCopy, In(cases::power_cuts::simulation)),
    (
        PlantedBug::ClaimForgottenDots,
        In(cases::forgotten::simulation),
    ),
    (
        PlantedBug::DropTheLateRepair,
        In(cases::stragglers::simulation),
    ),
    (PlantedBug::RefuseNothing, In(cases::flood::simulation)),
    (PlantedBug::AdmitTheSecond, In(cases::twins::simulation)),
    (
        PlantedBug::StampByTheClockAlone,
        In(cases::last_writers::simulation),
    ),
    (PlantedBug::KeepTheLowerStamp, By(THREE_NODES)),
    (PlantedBug::TakeNoCredits, In(cases::credits::of_one_peer)),
    (
        PlantedBug::OneBudgetForAll,
        In(cases::credits::of_each_class),
    ),
    (
        PlantedBug::KeepTheQueue,
        In(cases::late_answers::simulation),
    ),
    (
        PlantedBug::TakeAnythingForACorrupt,
        In(cases::corruption::simulation),
    ),
    (PlantedBug::SkipTheSync, By(THREE_NODES)),
    (PlantedBug::DropASibling, By(THREE_NODES)),
    (PlantedBug::LastWriterWins, By(THREE_NODES)),
    (
        PlantedBug::AnswerUnsynced,
        In(cases::unsynced_answers::simulation),
    ),
    (PlantedBug::ContextOfAnotherKey, By(THREE_NODES)),
    (PlantedBug::IgnoreTheRequestId, By(FIVE_NODES)),
    (
        PlantedBug::ReuseOperationIds,
        In(cases::late_answers::simulation),
    ),
    (PlantedBug::AnswerBeforeTheRepair, By(THREE_NODES)),
    (PlantedBug::LeaveTheCorrupt, By(BAD_DISKS)),
    (PlantedBug::AcknowledgeBeforeWrite, By(THREE_NODES)),
    (PlantedBug::SkipTheOverlay, By(THREE_NODES)),
    (PlantedBug::ReuseAnOrigin, By(THREE_NODES)),
];

/// One test for all, because what is planted is planted for the whole process.
#[test]
fn every_planted_bug_is_found_within_twenty_seeds() {
    let mut unnoticed = Vec::new();
    let chosen = std::env::var("CARTWHEEL_BUG").ok();
    let chosen = chosen.and_then(|name| PlantedBug::of_name(&name));
    for (bug, shown) in BUGS
        .into_iter()
        .filter(|(bug, _)| chosen.is_none_or(|c| c == *bug))
    {
        plant(Some(bug));
        let red = (1..=SEEDS_MAX).find_map(|seed| Some((seed, red(&shown, seed)?)));
        plant(None);
        match red {
            Some((seed, what)) => println!("{bug:?}: seed {seed} of {what}"),
            None => unnoticed.push(bug),
        }
    }
    assert!(unnoticed.is_empty(), "nothing noticed {unnoticed:?}");
}

/// What a run shows that it must not, the first of each check.
fn red(shown: &Shown, seed: u64) -> Option<String> {
    let report = match shown {
        By(kind) => kind.simulation(seed),
        In(case) => case(seed),
    };
    let report = report.run();
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
    let name = &report.name;
    is_red.then(|| {
        format!("{name}: {count} violations in {length:?}, {first:?}, failures {failures:?}")
    })
}
