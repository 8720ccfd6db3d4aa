//! Retries that became two writes: they lose nothing, and never stay siblings of themselves.

use std::collections::{BTreeMap, BTreeSet};

use cartwheel::version::{ConflictRule, Dot, Record, RequestId};
use proptest::prelude::*;
use proptest::sample::Index;

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

    #[test]
    fn where_both_twins_are_live_the_greater_dot_stays(
        steps in steps_with_retries(), picks: [Index; 2],
    ) {
        let records = World::after(RULE, &steps).records();
        let [one, other] = picks.map(|pick| pick.get(&records));
        let mut merged = one.clone();
        merged.merge(other, RULE);
        for version in one.versions() {
            let Some(twin) = other.written_by(version.request) else { continue };
            let both_stay = !one.history().contains(twin.dot) && !other.history().contains(version.dot);
            if both_stay {
                let kept = merged.written_by(version.request).map(|kept| kept.dot);
                prop_assert_eq!(kept, Some(version.dot.max(twin.dot)));
            }
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
