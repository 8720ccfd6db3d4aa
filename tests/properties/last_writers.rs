//! Records of last-writer-wins buckets: stamps extend causality (rule 8), so that the greatest
//! (stamp, dot) that a replica has heard of is the one it keeps.

use cartwheel::version::{ConflictRule, Dot};
use proptest::prelude::*;

use crate::world::{Step, World, steps_with_retries};

const RULE: ConflictRule = ConflictRule::Lww;

proptest! {
    #[test]
    fn the_greatest_known_stamp_and_dot_is_what_a_replica_keeps(steps in steps_with_retries()) {
        let mut world = World::new(RULE);
        for step in &steps {
            world.step(step);
            for replica in &world.replicas {
                let kept: Vec<Dot> = replica.record.dots().collect();
                let winner: Vec<Dot> = replica.facts.winner().into_iter().collect();
                prop_assert_eq!(kept, winner);
            }
        }
    }

    /// However slow the clock of its coordinator: it exceeds what the record there has seen too.
    #[test]
    fn a_write_wins_where_it_is_taken(steps in steps_with_retries()) {
        let mut world = World::new(RULE);
        for step in &steps {
            let before = world.all_facts().writes;
            world.step(step);
            let (Step::Put { at, .. } | Step::Delete { at, .. }) = step else { continue };
            let after = world.all_facts().writes;
            let minted: Vec<Dot> = after.into_keys().filter(|dot| !before.contains_key(dot)).collect();
            let kept: Vec<Dot> = world.replicas[*at].record.dots().collect();
            prop_assert!(minted.is_empty() || kept == minted, "{:?} of {:?}", kept, minted);
        }
    }

    /// What a write covered can never win over it, whichever replica heard of what first.
    #[test]
    fn a_write_is_stamped_above_all_that_it_covers(steps in steps_with_retries()) {
        let facts = World::after(RULE, &steps).all_facts();
        for (dot, write) in &facts.writes {
            let covered = write.covers.iter().filter_map(|dot| facts.writes.get(dot));
            for covered in covered {
                prop_assert!(covered.stamp < write.stamp, "{}", dot);
            }
        }
    }

    #[test]
    fn replicas_that_have_exchanged_keep_one_and_the_same_value(steps in steps_with_retries()) {
        let mut world = World::after(RULE, &steps);
        let winner = world.all_facts().winner();
        world.exchange();
        for replica in &world.replicas {
            prop_assert_eq!(&replica.record, &world.replicas[0].record);
            prop_assert_eq!(replica.record.dots().next(), winner);
            prop_assert_eq!(replica.record.encode(), world.replicas[0].record.encode());
        }
    }
}
