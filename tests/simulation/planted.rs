//! The tests of the tests: each planted bug must turn a check of the simulation red.

use std::collections::{BTreeMap, BTreeSet};

use cartwheel::planted_bug::{PlantedBug, plant};
use cartwheel_simulation::campaign::{BAD_DISKS, FIVE_NODES, Kind, THREE_NODES};
use cartwheel_simulation::checker::Violation;
use cartwheel_simulation::{Report, Simulation};

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
const BUGS: [(PlantedBug, Shown); 38] = [
    (
        PlantedBug::AnswerARepeatAtOnce,
        In(cases::repeats::simulation),
    ),
    (
        PlantedBug::BeginWithTheLastKey,
        In(cases::listings::of_two_buckets),
    ),
    (PlantedBug::ForgetTheCovered, In(cases::deletes::simulation)),
    (PlantedBug::KeepTheLosers, By(THREE_NODES)),
    (PlantedBug::StampAMerge, By(THREE_NODES)),
    (
        PlantedBug::ListOtherBuckets,
        In(cases::listings::of_two_buckets),
    ),
    (PlantedBug::OverfillAPage, By(THREE_NODES)),
    (
        PlantedBug::MissThePartition,
        In(cases::listings::of_one_owner),
    ),
    (PlantedBug::WaitForTheAnswer, By(THREE_NODES)),
    (PlantedBug::DrawFromTooFewIds, By(THREE_NODES)),
    (
        PlantedBug::ListOneOwner,
        In(cases::listings::of_what_was_missed),
    ),
    (
        PlantedBug::SkipBehindAFullPage,
        In(cases::listings::of_what_was_missed),
    ),
    (PlantedBug::AnswerABatchAsItComes, By(THREE_NODES)),
    (
        PlantedBug::WaitForTheDead,
        In(cases::dead_clients::simulation),
    ),
    (
        PlantedBug::AcknowledgeUnbuffered,
        In(cases::power_cuts::of_queued),
    ),
    (PlantedBug::SyncNoCopy, In(cases::power_cuts::of_unsynced)),
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

/// All that no history may show, by name.
macro_rules! kinds_of_violations {
    ($($kind:ident)*) => {
        const KINDS: &[&str] = &[$(stringify!($kind)),*];

        fn kind(violation: &Violation) -> &'static str {
            match violation {
                $(Violation::$kind { .. } => stringify!($kind),)*
            }
        }
    };
}

kinds_of_violations! {
    Lost Resurrected Invented Missed CameBack FalseSibling OwnSibling TwoValues Older WrongStamp
    StampBehind NotListed WronglyListed ListedTwice ListedOutOfOrder PageTooLong
    IncompleteElsewhere EndlessPage DotTwice RequestTwice Endless
}

/// One test for all, because what is planted is planted for the whole process.
#[test]
fn every_planted_bug_is_found_within_twenty_seeds_and_all_of_them_show_every_violation() {
    let (mut unnoticed, mut shown) = (Vec::new(), BTreeSet::new());
    let chosen = std::env::var("CARTWHEEL_BUG").ok();
    let chosen = chosen.and_then(|name| PlantedBug::of_name(&name));
    for (bug, by) in BUGS
        .into_iter()
        .filter(|(bug, _)| chosen.is_none_or(|c| c == *bug))
    {
        plant(Some(bug));
        let red = (1..=SEEDS_MAX).find_map(|seed| Some((seed, red(&by, seed)?)));
        plant(None);
        match red {
            Some((seed, report)) => {
                println!("{bug:?}: seed {seed} of {}", told(&report));
                shown.extend(report.violations.iter().map(kind));
            }
            None => unnoticed.push(bug),
        }
    }
    assert!(unnoticed.is_empty(), "nothing noticed {unnoticed:?}");
    let unshown = KINDS.iter().filter(|kind| !shown.contains(*kind));
    let unshown: Vec<_> = unshown.collect();
    assert!(
        chosen.is_some() || unshown.is_empty(),
        "nothing shows {unshown:?}"
    );
}

/// The report of a run that shows what it must not.
fn red(shown: &Shown, seed: u64) -> Option<Report> {
    let report = match shown {
        By(kind) => kind.simulation(seed),
        In(case) => case(seed),
    };
    let report = report.run();
    assert!(!report.trace.is_empty());
    let is_red = !report.violations.is_empty() || !report.failures.is_empty();
    is_red.then_some(report)
}

/// The first violation of each kind.
fn told(report: &Report) -> String {
    let mut first = BTreeMap::new();
    for violation in &report.violations {
        first.entry(kind(violation)).or_insert(violation);
    }
    let first: Vec<_> = first.into_values().collect();
    let (name, length, count) = (&report.name, report.length, report.violations.len());
    let failure = report.failures.first();
    format!("{name}: {count} violations in {length:?}, {first:?}, failures {failure:?}")
}
