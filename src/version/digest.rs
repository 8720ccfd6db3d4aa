//! The fingerprint of a record: equal for records that merging would not change.

use std::fmt;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use super::{Dot, History, Version};

/// xxh3 (128 bits) over a record's counters, single dots and live dots. Values are not
/// hashed: a dot names its value for ever.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest(#[serde(with = "serde_bytes")] pub [u8; 16]);

impl fmt::Debug for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl Digest {
    /// The fingerprint of a record with this history and these versions, both canonical.
    pub(super) fn of(history: &History, versions: &[Version]) -> Self {
        let mut bytes = Vec::with_capacity(96);
        push_len(&mut bytes, history.covered().len());
        for (origin, counter) in history.covered() {
            push(&mut bytes, Dot { origin, counter });
        }
        push_len(&mut bytes, history.dots().len());
        history.dots().for_each(|dot| push(&mut bytes, dot));
        versions
            .iter()
            .for_each(|version| push(&mut bytes, version.dot));
        Self(xxh3_128(&bytes).to_be_bytes())
    }
}

/// Keeps a counter from being taken for a dot, whatever origins there are.
fn push_len(bytes: &mut Vec<u8>, len: usize) {
    bytes.extend_from_slice(&(len as u64).to_be_bytes());
}

fn push(bytes: &mut Vec<u8>, dot: Dot) {
    bytes.extend_from_slice(&dot.origin.0.to_be_bytes());
    bytes.extend_from_slice(&dot.counter.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::super::Origin;
    use super::*;

    /// No byte can part counters from dots: every one may begin an origin.
    #[test]
    fn a_counter_is_not_taken_for_a_dot() {
        let last = Dot {
            origin: Origin(u64::MAX),
            counter: u64::MAX,
        };
        let (mut counters, mut dots) = (History::new(), History::new());
        counters.cover(last.origin, last.counter);
        dots.insert(last);
        assert_ne!(Digest::of(&counters, &[]), Digest::of(&dots, &[]));
    }
}
