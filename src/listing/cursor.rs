//! Where a listing is.
//!
//! ```text
//!   bucket u32 | partition u16 | stored key … | xxh3 u64 over what is before it
//! ```
//!
//! All big-endian. A listing from a wrong place would leave keys out, and its answer would look
//! as any other: so a cursor says which bucket it belongs to, and shows damage.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::key::{BucketId, PartitionId};
use crate::store::{SliceId, StoredKey};

/// Bucket and partition.
const PREFIX_LEN: usize = 6;

/// The checksum.
const SUM_LEN: usize = 8;

/// A partition of a bucket, and the stored key that the listing is behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) bucket: BucketId,
    pub(super) partition: u16,
    pub(super) after: Bytes,
}

/// Why a cursor leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum CursorError {
    /// Too few bytes for a cursor.
    #[error("{len} bytes are too few, the shortest has {len_min}")]
    TooShort {
        /// How many came.
        len: u64,
        /// How many the shortest has.
        len_min: u64,
    },
    /// No listing has ended so.
    #[error("it is damaged, or was never answered by a listing")]
    Damaged,
    /// It belongs to another bucket.
    #[error("it belongs to the bucket of id {}, and that of id {} is listed", .found.0, .wanted.0)]
    OtherBucket {
        /// The bucket that is listed.
        wanted: BucketId,
        /// The bucket of the cursor.
        found: BucketId,
    },
    /// It belongs to a cluster with more partitions.
    #[error("it is in partition {partition}, and there are {partitions}")]
    NoPartition {
        /// The partition of the cursor.
        partition: u16,
        /// How many there are.
        partitions: u32,
    },
}

/// Where a listing that is at a cursor goes on: behind this stored key, or before the first that
/// begins so. Whoever judges listings compares stored keys with it; to all others a cursor is
/// nothing but bytes.
pub fn place_of(cursor: &Bytes) -> Result<Bytes, CursorError> {
    let Cursor {
        partition, after, ..
    } = Cursor::decode(cursor)?;
    let start = Bytes::copy_from_slice(&partition.to_be_bytes());
    Ok(if after.is_empty() { start } else { after })
}

impl Cursor {
    /// Before all keys of a bucket.
    pub(super) fn start(bucket: BucketId) -> Self {
        Self {
            bucket,
            partition: 0,
            after: Bytes::new(),
        }
    }

    /// Reads what a listing of this bucket has answered; nothing is the start.
    pub(super) fn parse(
        bytes: &Bytes,
        bucket: BucketId,
        n: u8,
        partitions: u32,
    ) -> Result<Self, CursorError> {
        if bytes.is_empty() {
            return Ok(Self::start(bucket));
        }
        let cursor = Self::decode(bytes)?;
        if cursor.bucket != bucket {
            return Err(CursorError::OtherBucket {
                wanted: bucket,
                found: cursor.bucket,
            });
        }
        let partition = cursor.partition;
        if u32::from(partition) >= partitions {
            return Err(CursorError::NoPartition {
                partition,
                partitions,
            });
        }
        match cursor.after.is_empty() || cursor.is_within(n) {
            true => Ok(cursor),
            false => Err(CursorError::Damaged),
        }
    }

    fn decode(bytes: &Bytes) -> Result<Self, CursorError> {
        let (len, len_min) = (bytes.len(), PREFIX_LEN + SUM_LEN);
        if len < len_min {
            let (len, len_min) = (len as u64, len_min as u64);
            return Err(CursorError::TooShort { len, len_min });
        }
        let mut body = bytes.clone();
        let mut sum = body.split_off(len - SUM_LEN);
        if sum.get_u64() != xxh3_64(&body) {
            return Err(CursorError::Damaged);
        }
        Ok(Self {
            bucket: BucketId(body.get_u32()),
            partition: body.get_u16(),
            after: body,
        })
    }

    /// Whether the key it is behind is of its partition's slice. It may be another bucket's.
    fn is_within(&self, n: u8) -> bool {
        let partition = PartitionId(self.partition);
        StoredKey::parse(self.after.clone())
            .is_ok_and(|key| key.slice() == SliceId { partition, n })
    }

    pub(super) fn encode(&self) -> Bytes {
        let mut bytes = BytesMut::with_capacity(PREFIX_LEN + self.after.len() + SUM_LEN);
        bytes.put_u32(self.bucket.0);
        bytes.put_u16(self.partition);
        bytes.put_slice(&self.after);
        bytes.put_u64(xxh3_64(&bytes));
        bytes.freeze()
    }

    /// Moves behind a key, or behind the partition; false behind the last there can be.
    pub(super) fn advance(&mut self, through: Bytes) -> bool {
        if !through.is_empty() {
            self.after = through;
            return true;
        }
        self.after = Bytes::new();
        match self.partition.checked_add(1) {
            Some(next) => {
                self.partition = next;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeyHash;

    const BUCKET: BucketId = BucketId(5);
    const PARTITIONS: u32 = 4;

    fn parse(bytes: &Bytes) -> Result<Cursor, CursorError> {
        Cursor::parse(bytes, BUCKET, 3, PARTITIONS)
    }

    fn key(partition: u16, n: u8) -> Bytes {
        let partition = PartitionId(partition);
        let slice = SliceId { partition, n };
        let stored = StoredKey::new(slice, KeyHash(7), BucketId(9), b"key");
        stored.as_bytes().clone()
    }

    fn cursor(partition: u16, after: Bytes) -> Cursor {
        Cursor {
            bucket: BUCKET,
            partition,
            after,
        }
    }

    #[test]
    fn a_cursor_comes_back_as_it_left() {
        assert_eq!(parse(&Bytes::new()), Ok(Cursor::start(BUCKET)));
        for after in [Bytes::new(), key(3, 3)] {
            let cursor = cursor(3, after);
            assert_eq!(parse(&cursor.encode()), Ok(cursor));
        }
    }

    #[test]
    fn the_place_of_a_cursor_is_between_the_keys_before_and_behind_it() {
        let behind = place_of(&cursor(2, key(2, 3)).encode()).unwrap();
        assert!(key(1, 3) < behind && key(2, 3) <= behind && behind < key(3, 3));
        let before = place_of(&cursor(2, Bytes::new()).encode()).unwrap();
        assert!(key(1, 3) < before && before < key(2, 3));
    }

    #[test]
    fn a_short_cursor_is_refused_with_its_length() {
        let error = parse(&Bytes::from_static(b"zzz")).unwrap_err();
        let (len, len_min) = (3, 14);
        assert_eq!(error, CursorError::TooShort { len, len_min });
    }

    #[test]
    fn a_cursor_of_another_bucket_is_refused_with_both() {
        let (wanted, found) = (BUCKET, BucketId(6));
        let other = Cursor::start(found).encode();
        let refused = parse(&other);
        assert_eq!(refused, Err(CursorError::OtherBucket { wanted, found }));
    }

    #[test]
    fn a_cursor_behind_the_last_partition_is_refused() {
        let (partition, partitions) = (4, PARTITIONS);
        let behind = parse(&cursor(partition, Bytes::new()).encode());
        let expected = CursorError::NoPartition {
            partition,
            partitions,
        };
        assert_eq!(behind, Err(expected));
    }

    /// Its checksum is right, so somebody made it by hand.
    #[test]
    fn a_cursor_behind_a_key_of_another_slice_is_refused() {
        for after in [key(2, 3), key(3, 2), Bytes::from_static(b"short")] {
            let forged = cursor(3, after).encode();
            assert_eq!(parse(&forged), Err(CursorError::Damaged));
        }
    }

    #[test]
    fn a_cursor_moves_within_its_partition_and_then_to_the_next() {
        let mut cursor = Cursor::start(BUCKET);
        assert!(cursor.advance(Bytes::from_static(b"key")));
        assert_eq!((cursor.partition, &cursor.after[..]), (0, &b"key"[..]));
        assert!(cursor.advance(Bytes::new()));
        assert_eq!((cursor.partition, &cursor.after[..]), (1, &b""[..]));
        cursor.partition = u16::MAX;
        assert!(!cursor.advance(Bytes::new()));
    }
}
