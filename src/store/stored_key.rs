//! The key of a record on disk.
//!
//! ```text
//!   partition u16 | n u8 | key hash u64 | bucket u32 | key …      all big-endian
//! ```
//!
//! In this order a slice (partition, n) and every leaf of its tree (a range of hashes) are
//! contiguous ranges.

use bytes::{BufMut, Bytes, BytesMut};

use crate::key::{BucketId, KeyHash, PartitionId};

/// The bytes before the key itself.
const PREFIX_LEN: usize = 15;

/// The keys of one partition whose buckets have the same n.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SliceId {
    /// The partition.
    pub partition: PartitionId,
    /// How many owners the keys have.
    pub n: u8,
}

/// A record's key on disk, in its stored form; cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoredKey(Bytes);

impl StoredKey {
    /// Builds the stored form.
    pub fn new(slice: SliceId, hash: KeyHash, bucket: BucketId, key: &[u8]) -> Self {
        let mut bytes = BytesMut::with_capacity(PREFIX_LEN + key.len());
        bytes.put_u16(slice.partition.0);
        bytes.put_u8(slice.n);
        bytes.put_u64(hash.0);
        bytes.put_u32(bucket.0);
        bytes.put_slice(key);
        Self(bytes.freeze())
    }

    /// Reads a stored form.
    pub fn parse(bytes: Bytes) -> Result<Self, StoredKeyError> {
        let stored = Self(bytes);
        match stored.0.len() {
            len if len < PREFIX_LEN => Err(StoredKeyError { len }),
            _ => Ok(stored),
        }
    }

    /// The slice the record belongs to.
    pub fn slice(&self) -> SliceId {
        SliceId {
            partition: PartitionId(u16::from_be_bytes(self.field(0))),
            n: self.0[2],
        }
    }

    /// The hash of bucket and key.
    pub fn hash(&self) -> KeyHash {
        KeyHash(u64::from_be_bytes(self.field(3)))
    }

    /// The bucket.
    pub fn bucket(&self) -> BucketId {
        BucketId(u32::from_be_bytes(self.field(11)))
    }

    /// The client's key.
    pub fn key(&self) -> Bytes {
        self.0.slice(PREFIX_LEN..)
    }

    /// The stored form.
    pub fn as_bytes(&self) -> &Bytes {
        &self.0
    }

    /// The first stored key of a slice, and the first behind its last.
    pub fn range_of(slice: SliceId) -> (Bytes, Bytes) {
        let first = |slice: u32| Bytes::copy_from_slice(&slice.to_be_bytes()[1..]);
        let number = (u32::from(slice.partition.0) << 8) | u32::from(slice.n);
        if number == 0x00ff_ffff {
            // Behind the last slice there is no number left of three bytes.
            return (first(number), Bytes::from_static(&[0xff; 4]));
        }
        (first(number), first(number + 1))
    }

    fn field<const LEN: usize>(&self, at: usize) -> [u8; LEN] {
        let mut field = [0; LEN];
        field.copy_from_slice(&self.0[at..at + LEN]);
        field
    }
}

/// Bytes too short to be a stored key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a stored key has at least {PREFIX_LEN} bytes, this one has {len}")]
pub struct StoredKeyError {
    /// How many bytes there were.
    pub len: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slice(partition: u16, n: u8) -> SliceId {
        SliceId {
            partition: PartitionId(partition),
            n,
        }
    }

    #[test]
    fn a_stored_key_gives_back_its_parts() {
        let key = StoredKey::new(slice(513, 3), KeyHash(9), BucketId(7), b"cart");
        let key = StoredKey::parse(key.as_bytes().clone()).unwrap();
        assert_eq!(key.slice(), slice(513, 3));
        assert_eq!(key.hash(), KeyHash(9));
        assert_eq!(key.bucket(), BucketId(7));
        assert_eq!(key.key(), Bytes::from_static(b"cart"));
    }

    #[test]
    fn a_short_key_is_refused_with_its_length() {
        let refused = StoredKey::parse(Bytes::from_static(b"short"));
        assert_eq!(refused, Err(StoredKeyError { len: 5 }));
    }

    #[test]
    fn a_slice_is_one_range() {
        let (from, until) = StoredKey::range_of(slice(1, 255));
        let inside = StoredKey::new(slice(1, 255), KeyHash(u64::MAX), BucketId(0), b"z");
        let behind = StoredKey::new(slice(2, 0), KeyHash(0), BucketId(0), b"");
        assert!(from <= *inside.as_bytes());
        assert!(*inside.as_bytes() < until);
        assert!(*behind.as_bytes() >= until);
    }
}
