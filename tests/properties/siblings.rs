//! Records of siblings buckets against explicit facts: what no known write covered is live.

use std::collections::BTreeSet;

use cartwheel::version::{ConflictRule, Dot};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use crate::world::{Replica, World, steps};

const RULE: ConflictRule = ConflictRule::Siblings;

/// The record and the twin's facts tell the same.
fn agree(replica: &Replica, minted: &BTreeSet<Dot>) -> Result<(), TestCaseError> {
    let live: BTreeSet<Dot> = replica.record.dots().collect();
    prop_assert_eq!(live, replica.facts.live());
    let seen = replica.facts.seen();
    for dot in minted {
        let contains = replica.record.history().contains(*dot);
        prop_assert_eq!(contains, seen.contains(dot), "{}", dot);
    }
    Ok(())
}

proptest! {
    /// Replays, old copies, rolled-back, wiped and cloned stores included.
    #[test]
    fn the_live_values_are_those_that_no_known_write_covered(steps in steps()) {
        let mut world = World::new(RULE);
        let mut minted = BTreeSet::new();
        for step in &steps {
            world.step(step);
            minted.extend(world.all_facts().seen());
            for replica in &world.replicas {
                agree(replica, &minted)?;
            }
        }
    }

    #[test]
    fn replicas_that_have_exchanged_are_equal_to_the_byte(steps in steps()) {
        let mut world = World::after(RULE, &steps);
        let expected = world.all_facts().live();
        world.exchange();
        for replica in &world.replicas {
            let first = &world.replicas[0].record;
            prop_assert_eq!(&replica.record, first);
            prop_assert_eq!(replica.record.encode(), first.encode());
            prop_assert_eq!(replica.record.digest(), first.digest());
            prop_assert_eq!(replica.record.dots().collect::<BTreeSet<_>>(), expected.clone());
        }
    }
}
