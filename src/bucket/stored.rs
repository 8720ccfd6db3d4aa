//! How a bucket is stored in the family of node metadata.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::Bucket;
use crate::message::{DecodeError, Kind, decode, encode};

const KEY_PREFIX: &[u8] = b"bucket/";

/// A bucket, and whether all members have agreed to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredBucket {
    /// The policy.
    pub bucket: Bucket,
    /// Whether all members have agreed.
    pub active: bool,
}

impl StoredBucket {
    /// The first stored key of a bucket, and the first behind the last.
    pub fn range() -> (Bytes, Bytes) {
        (
            Bytes::from_static(KEY_PREFIX),
            Bytes::from_static(b"bucket0"),
        )
    }

    /// The key it is stored under: a bucket that is activated replaces the one that was
    /// prepared.
    pub fn key(&self) -> Bytes {
        Bytes::from([KEY_PREFIX, self.bucket.name.as_bytes()].concat())
    }

    /// The stored form.
    pub fn encode(&self) -> Bytes {
        encode(self)
    }

    /// Reads a stored form.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode(Kind(0), bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_within_the_range() {
        let (from, until) = StoredBucket::range();
        for name in ["", "default", "zzz", "~"] {
            let mut bucket = Bucket::default_bucket(1);
            bucket.name = name.to_owned();
            let active = false;
            let stored = StoredBucket { bucket, active };
            assert!(from <= stored.key() && stored.key() < until);
            assert_eq!(StoredBucket::decode(&stored.encode()).unwrap(), stored);
        }
    }
}
