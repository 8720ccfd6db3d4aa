//! Retries that became two writes: they lose nothing, and never stay siblings of themselves.

use std::collections::{BTreeMap, BTreeSet};

use cartwheel::version::{ConflictRule, Dot, Record, RequestId};
use proptest::prelude::*;

use crate::world::{Facts, World, steps_with_retries};

const RULE: ConflictRule = ConflictRule::Siblings;

/// The dots of each request.
fn dots_by_request(facts: &Facts) -> BTreeMap<RequestId, BTreeSet<Dot>> {
    let mut dots: BTreeMap<RequestId, BTreeSet<Dot>> = BTreeMap::new();
    for (dot, write) in &facts.writes {
        dots.entry(write.request).or_default().insert(*dot);
    }
    dots
}

fn requests(record: &Record) -> Vec<RequestId> {
    record
        .versions()
        .iter()
        .map(|version| version.request)
        .collect()
}

proptest! {
    #[test]
    fn a_retry_is_never_a_sibling_of_its_first_attempt(steps in steps_with_retries()) {
        let mut world = World::new(RULE);
        for step in &steps {
            world.step(step);
            for replica in &world.replicas {
                let requests = requests(&replica.record);
                let distinct: BTreeSet<_> = requests.iter().collect();
                prop_assert_eq!(distinct.len(), requests.len(), "{:?}", requests);
            }
        }
    }

    #[test]
    fn after_an_exchange_all_replicas_agree_on_the_twins_too(steps in steps_with_retries()) {
        let mut world = World::after(RULE, &steps);
        world.exchange();
        for replica in &world.replicas {
            prop_assert_eq!(&replica.record, &world.replicas[0].record);
        }
    }

    /// A request's value is live, or some client that had seen it replaced it.
    #[test]
    fn a_retried_write_is_live_or_was_covered(steps in steps_with_retries()) {
        let mut world = World::after(RULE, &steps);
        world.exchange();
        let replica = &world.replicas[0];
        let covered = replica.facts.covered();
        let live = requests(&replica.record);
        for (request, dots) in dots_by_request(&replica.facts) {
            let replaced = dots.iter().any(|dot| covered.contains(dot));
            prop_assert!(replaced || live.contains(&request), "{:?} is lost", request);
        }
    }

    /// And what no client ever saw as replaced is not dropped for a twin that is gone.
    #[test]
    fn what_is_live_was_covered_by_no_context(steps in steps_with_retries()) {
        let mut world = World::after(RULE, &steps);
        world.exchange();
        let replica = &world.replicas[0];
        let covered = replica.facts.covered();
        for dot in replica.record.dots() {
            prop_assert!(!covered.contains(&dot), "{} was covered", dot);
        }
    }
}
