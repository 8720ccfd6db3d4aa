//! The tests of the tests: each planted bug must turn the checker of the simulation red.

mod checker;
mod clock;
mod dice;
mod disk;
mod faults;
mod history;
mod network;
mod node;
mod run;
mod trace;
mod worker;

use cartwheel::planted_bug::{PlantedBug, plant};

use crate::run::run;

/// The first of these seeds that turns the checker red is enough.
const SEEDS_MAX: u64 = 5;

/// One test for all, because what is planted is planted for the whole process.
#[test]
fn every_planted_bug_is_found_within_five_seeds() {
    let bugs = [
        PlantedBug::AcknowledgeBeforeWrite,
        PlantedBug::SkipTheOverlay,
        PlantedBug::ReuseAnOrigin,
    ];
    for bug in bugs {
        plant(Some(bug));
        let red = (1..=SEEDS_MAX).find_map(|seed| {
            let run = run(seed);
            assert!(!run.trace.is_empty());
            let violations = checker::check(&run.history);
            (!violations.is_empty()).then_some((seed, violations))
        });
        plant(None);
        let (seed, violations) = red.unwrap_or_else(|| panic!("{bug:?} was not noticed"));
        println!(
            "{bug:?}: seed {seed}, {} violations, {:?}",
            violations.len(),
            violations[0]
        );
    }
}
