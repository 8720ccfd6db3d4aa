//! Hybrid-logical stamps of last-writer-wins versions (rule 8; Kulkarni, Demirbas, Madappa,
//! Avva, Leone: "Logical Physical Clocks", OPODIS 2014).

use serde::{Deserialize, Serialize};

use crate::time::WallTime;

/// Milliseconds since 1970 in the upper 48 bits, a counter in the lower 16.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stamp(pub u64);

impl Stamp {
    /// Before every other stamp; what versions of siblings buckets carry.
    pub const ZERO: Self = Self(0);

    /// The stamp of a write that happens now and after everything stamped `covered`.
    pub fn next(now: WallTime, covered: Self) -> Self {
        let physical = Self(now.0.min(u64::MAX >> 16) << 16);
        physical.max(Self(covered.0.saturating_add(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_exceeds_what_it_covers_even_on_a_slow_clock() {
        let covered = Stamp::next(WallTime(1_000), Stamp::ZERO);
        let next = Stamp::next(WallTime(10), covered);
        assert!(next > covered);
        assert_eq!(Stamp::next(WallTime(2_000), next), Stamp(2_000 << 16));
    }
}
