//! `History` against a plain set of dots.

use std::collections::BTreeSet;

use cartwheel::version::{Dot, History, Origin};
use proptest::prelude::*;

use crate::dots;

/// The dumb twin: every dot is written out.
type Twin = BTreeSet<Dot>;

#[derive(Clone, Debug)]
enum Step {
    Insert(Dot),
    Cover(Dot),
    Join(Vec<Step>),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let leaf = prop_oneof![
        dots::dot().prop_map(Step::Insert),
        dots::dot().prop_map(Step::Cover)
    ];
    let step = leaf.prop_recursive(2, 24, 6, |step| {
        prop::collection::vec(step, 0..6).prop_map(Step::Join)
    });
    prop::collection::vec(step, 0..10)
}

fn run(steps: &[Step]) -> (History, Twin) {
    let (mut history, mut twin) = (History::new(), Twin::new());
    for step in steps {
        match step {
            Step::Insert(dot) => {
                history.insert(*dot);
                twin.insert(*dot);
            }
            Step::Cover(dot) => {
                history.cover(dot.origin, dot.counter);
                twin.extend(up_to(*dot));
            }
            Step::Join(steps) => {
                let (other, other_twin) = run(steps);
                history.join(&other);
                twin.extend(other_twin);
            }
        }
    }
    (history, twin)
}

fn up_to(dot: Dot) -> impl Iterator<Item = Dot> {
    let origin = dot.origin;
    (1..=dot.counter).map(move |counter| Dot { origin, counter })
}

fn joined(left: &History, right: &History) -> History {
    let mut joined = left.clone();
    joined.join(right);
    joined
}

/// The longest unbroken run of dots from the first.
fn longest_run(twin: &Twin, origin: Origin) -> u64 {
    let held = |counter: &u64| {
        let counter = *counter;
        twin.contains(&Dot { origin, counter })
    };
    (1..).take_while(held).last().unwrap_or(0)
}

proptest! {
    #[test]
    fn a_history_holds_what_a_set_of_dots_holds(steps in steps()) {
        let (history, twin) = run(&steps);
        for dot in dots::every_dot() {
            prop_assert_eq!(history.contains(dot), twin.contains(&dot), "{}", dot);
        }
        prop_assert_eq!(history.is_empty(), twin.is_empty());
    }

    #[test]
    fn counters_are_the_longest_runs_and_single_dots_the_rest(steps in steps()) {
        let (history, twin) = run(&steps);
        for origin in dots::ORIGINS {
            prop_assert_eq!(history.up_to(origin), longest_run(&twin, origin));
        }
        let beyond = |dot: &Dot| dot.counter > longest_run(&twin, dot.origin);
        let rest: Vec<Dot> = twin.iter().copied().filter(beyond).collect();
        prop_assert_eq!(history.dots().collect::<Vec<_>>(), rest);
        prop_assert!(history.covered().all(|(_, counter)| counter > 0));
    }

    #[test]
    fn histories_are_equal_when_their_sets_are(left in steps(), right in steps()) {
        let ((left, left_twin), (right, right_twin)) = (run(&left), run(&right));
        prop_assert_eq!(left == right, left_twin == right_twin);
    }

    /// Two random histories are seldom equal, so the order is changed on purpose.
    #[test]
    fn the_order_of_steps_leaves_no_trace(
        (steps, shuffled) in steps().prop_flat_map(|s| (Just(s.clone()), Just(s).prop_shuffle())),
    ) {
        prop_assert_eq!(run(&steps).0, run(&shuffled).0);
    }

    #[test]
    fn one_history_includes_another_when_its_set_does(left in steps(), right in steps()) {
        let ((left, left_twin), (right, right_twin)) = (run(&left), run(&right));
        prop_assert_eq!(left.includes(&right), left_twin.is_superset(&right_twin));
        let both = joined(&left, &right);
        prop_assert!(both.includes(&left));
        prop_assert!(both.includes(&right));
    }

    #[test]
    fn joining_is_commutative_associative_and_idempotent(
        a in dots::history(), b in dots::history(), c in dots::history(),
    ) {
        prop_assert_eq!(joined(&a, &b), joined(&b, &a));
        prop_assert_eq!(joined(&joined(&a, &b), &c), joined(&a, &joined(&b, &c)));
        prop_assert_eq!(joined(&a, &a), a);
    }
}

#[test]
fn a_history_reaches_the_end_of_the_numbers() {
    let origin = Origin(1);
    let last = Dot {
        origin,
        counter: u64::MAX,
    };
    let mut history = History::new();
    history.insert(last);
    assert!(!history.contains(Dot {
        origin,
        counter: u64::MAX - 1
    }));
    history.cover(origin, u64::MAX - 1);
    assert_eq!(history.up_to(origin), u64::MAX);
    assert_eq!(history.dots().len(), 0);
}
