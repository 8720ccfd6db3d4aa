//! The laws of merging, on records that real steps have made.

use cartwheel::version::{ConflictRule, Record};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::world::{World, steps, steps_with_retries};

fn merged(left: &Record, right: &Record, rule: ConflictRule) -> Record {
    let mut merged = left.clone();
    merged.merge(right, rule);
    merged
}

fn rule() -> impl Strategy<Value = ConflictRule> {
    use ConflictRule::{Lww, Refuse, Siblings};
    prop::sample::select(&[Siblings, Lww, Refuse][..])
}

proptest! {
    #[test]
    fn merging_is_commutative_associative_and_idempotent(
        steps in steps(), rule in rule(), picks: [Index; 3],
    ) {
        let records = World::after(rule, &steps).records();
        let [a, b, c] = picks.map(|pick| pick.get(&records));
        let m = |left: &Record, right: &Record| merged(left, right, rule);
        prop_assert_eq!(m(a, b), m(b, a));
        prop_assert_eq!(m(&m(a, b), c), m(a, &m(b, c)));
        prop_assert_eq!(&m(a, a), a);
    }

    /// There a twin is a loser like any other.
    #[test]
    fn where_the_last_writer_wins_retries_break_no_law(
        steps in steps_with_retries(), picks: [Index; 3],
    ) {
        let records = World::after(ConflictRule::Lww, &steps).records();
        let [a, b, c] = picks.map(|pick| pick.get(&records));
        let m = |left: &Record, right: &Record| merged(left, right, ConflictRule::Lww);
        prop_assert_eq!(m(&m(a, b), c), m(a, &m(b, c)));
    }

    /// Which of two twins has gone depends on who met first, so that merging in another order may
    /// leave one beside what replaced the other; all else holds.
    #[test]
    fn with_retries_merging_is_still_commutative_and_idempotent(
        steps in steps_with_retries(), rule in rule(), picks: [Index; 2],
    ) {
        let records = World::after(rule, &steps).records();
        let [a, b] = picks.map(|pick| pick.get(&records));
        prop_assert_eq!(merged(a, b, rule), merged(b, a, rule));
        prop_assert_eq!(&merged(a, a, rule), a);
        let both = merged(a, b, rule);
        prop_assert_eq!(&merged(&both, a, rule), &both);
        prop_assert_eq!(&merged(&both, b, rule), &both);
    }

    #[test]
    fn the_history_of_a_merge_is_the_join_of_both(
        steps in steps_with_retries(), rule in rule(), picks: [Index; 2],
    ) {
        let records = World::after(rule, &steps).records();
        let [a, b] = picks.map(|pick| pick.get(&records));
        let mut joined = a.history().clone();
        joined.join(b.history());
        let merged = merged(a, b, rule);
        prop_assert_eq!(merged.history(), &joined);
    }

    #[test]
    fn digests_are_equal_when_records_are(
        steps in steps_with_retries(), rule in rule(), picks: [Index; 2],
    ) {
        let records = World::after(rule, &steps).records();
        let [a, b] = picks.map(|pick| pick.get(&records));
        prop_assert_eq!(a.digest() == b.digest(), a == b);
        let unchanged = merged(a, b, rule) == *a && merged(b, a, rule) == *b;
        prop_assert_eq!(a.digest() == b.digest(), unchanged);
    }
}
