//! The buckets of a run beside `default`: one of each kind, with quorums by its seed.

use cartwheel::bucket::{Bucket, BucketDurability};
use cartwheel::version::ConflictRule;

use crate::dice::Dice;

/// Quorums that meet each other, as n, r and w. A write needs two owners at least: what destroys
/// a record destroys one.
const QUORUMS: [(u8, u8, u8); 6] = [
    (3, 2, 2),
    (3, 1, 3),
    (2, 1, 2),
    (5, 3, 3),
    (5, 2, 4),
    (5, 4, 2),
];

/// The policies of the buckets that the clients of a run create.
pub fn policies(seed: u64, nodes: u64) -> Vec<Bucket> {
    let mut dice = Dice::new(seed, "policies");
    let mut other = drawn("other", &mut dice, nodes);
    if dice.one_in(2) {
        other.conflict = ConflictRule::Refuse;
    }
    let latest = Bucket {
        conflict: ConflictRule::Lww,
        ..drawn("latest", &mut dice, nodes)
    };
    let quick = Bucket {
        durability: BucketDurability::Buffered,
        ..drawn("quick", &mut dice, nodes)
    };
    vec![other, latest, quick]
}

fn drawn(name: &str, dice: &mut Dice, nodes: u64) -> Bucket {
    let fit = QUORUMS.iter().filter(|(n, ..)| u64::from(*n) <= nodes);
    let fit: Vec<_> = fit.collect();
    let at = usize::try_from(dice.below(fit.len() as u64)).unwrap_or(0);
    let (n, r, w) = *fit[at];
    Bucket {
        name: name.to_owned(),
        r,
        w,
        ..Bucket::default_bucket(n)
    }
}
