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
        for (origin, counter) in history.covered() {
            push(&mut bytes, Dot { origin, counter });
        }
        bytes.push(SEPARATOR);
        history.dots().for_each(|dot| push(&mut bytes, dot));
        bytes.push(SEPARATOR);
        versions
            .iter()
            .for_each(|version| push(&mut bytes, version.dot));
        Self(xxh3_128(&bytes).to_be_bytes())
    }
}

/// Keeps a counter from being taken for a dot: entries have a fixed length.
const SEPARATOR: u8 = 0xff;

fn push(bytes: &mut Vec<u8>, dot: Dot) {
    bytes.extend_from_slice(&dot.origin.0.to_be_bytes());
    bytes.extend_from_slice(&dot.counter.to_be_bytes());
}
