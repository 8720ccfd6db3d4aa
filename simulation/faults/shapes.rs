//! The shapes in which a network falls apart: the pairs of nodes that can't reach each other.

use super::{Pair, links};
use crate::cluster::name;
use crate::dice::Dice;

/// Two halves, or almost: each node reaches those of its own half alone.
pub fn halves(dice: &mut Dice, nodes: u64) -> Vec<Pair> {
    let all = shuffled(dice, nodes);
    let (some, others) = all.split_at(all.len() / 2);
    links(some, others)
}

/// Two halves that share one node: that one reaches all, and they don't reach each other.
pub fn bridge(dice: &mut Dice, nodes: u64) -> Vec<Pair> {
    let all = shuffled(dice, nodes);
    let rest = all.get(1..).unwrap_or_default();
    let (some, others) = rest.split_at(rest.len() / 2);
    links(some, others)
}

/// Each node reaches a majority, itself among it, and no two the same one: a ring on which each
/// reaches its next neighbours. Of three nodes, where that would be all, it is a bridge.
pub fn majority_ring(dice: &mut Dice, nodes: u64) -> Vec<Pair> {
    let all = shuffled(dice, nodes);
    let len = all.len();
    // So many to either side.
    let reach = (len / 2).div_ceil(2);
    if 2 * reach + 1 >= len {
        return bridge(dice, nodes);
    }
    let pairs = (0..len).flat_map(|at| (0..at).map(move |other| (other, at)));
    let apart = pairs.filter(|(low, high)| (high - low).min(len - (high - low)) > reach);
    apart
        .map(|(low, high)| (name(all[low]), name(all[high])))
        .collect()
}

fn shuffled(dice: &mut Dice, nodes: u64) -> Vec<u64> {
    let mut all: Vec<u64> = (1..=nodes).collect();
    for last in (1..all.len()).rev() {
        let other = usize::try_from(dice.below(last as u64 + 1)).unwrap_or(0);
        all.swap(last, other);
    }
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// What each node reaches, itself among it.
    fn reached(cut: &[Pair], nodes: u64) -> Vec<BTreeSet<String>> {
        let is_cut = |a: &String, b: &String| {
            cut.contains(&(a.clone(), b.clone())) || cut.contains(&(b.clone(), a.clone()))
        };
        let all = || (1..=nodes).map(name);
        let of = |one: String| all().filter(|other| !is_cut(&one, other)).collect();
        all().map(of).collect()
    }

    #[test]
    fn halves_reach_themselves_alone() {
        for seed in 0..50 {
            let sets = reached(&halves(&mut Dice::new(seed, "test"), 5), 5);
            let mut sizes: Vec<_> = sets.iter().map(BTreeSet::len).collect();
            sizes.sort_unstable();
            assert_eq!(sizes, [2, 2, 3, 3, 3]);
        }
    }

    #[test]
    fn on_a_ring_each_reaches_a_majority_and_no_two_the_same() {
        for nodes in [4, 5, 6, 7] {
            let sets = reached(&majority_ring(&mut Dice::new(nodes, "test"), nodes), nodes);
            let majority = sets.iter().all(|set| set.len() as u64 > nodes / 2);
            assert!(majority, "{sets:?}");
            let different: BTreeSet<_> = sets.iter().collect();
            assert!(different.len() as u64 == nodes || nodes == 4, "{sets:?}");
        }
    }

    #[test]
    fn on_a_bridge_one_reaches_all_and_the_others_do_not() {
        for nodes in [3, 5] {
            let sets = reached(&bridge(&mut Dice::new(1, "test"), nodes), nodes);
            let all = sets.iter().filter(|set| set.len() as u64 == nodes).count();
            assert_eq!(all, 1, "{sets:?}");
        }
    }
}
