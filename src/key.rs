//! From a bucket and a key to a place in the hash space.
//!
//! The hash is xxh3 (64 bits, seed 0) over the bucket id as four big-endian bytes and then
//! the key; the partition is the top bits of the hash. Both are fixed for ever: they decide
//! where every record lies. Test vectors stand at the foot of this file and in
//! `docs/PROTOCOL.md`.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

/// The number a bucket got when it was created; records carry it instead of the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BucketId(pub u32);

/// Where a key lies in the hash space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyHash(pub u64);

/// One of Q equal parts of the hash space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PartitionId(pub u16);

const BUCKET_LEN: usize = 4;

/// Bucket and key up to this length are hashed in one piece: the state that takes pieces is half
/// a kilobyte to clear.
const SHORT_LEN: usize = 128;

impl KeyHash {
    /// Hashes a key of a bucket.
    pub fn of(bucket: BucketId, key: &[u8]) -> Self {
        let mut whole = [0; SHORT_LEN];
        let len = BUCKET_LEN + key.len();
        match whole.get_mut(..len) {
            Some(whole) => {
                whole[..BUCKET_LEN].copy_from_slice(&bucket.0.to_be_bytes());
                whole[BUCKET_LEN..].copy_from_slice(key);
                Self(xxh3_64(whole))
            }
            None => Self::of_pieces(bucket, key),
        }
    }

    fn of_pieces(bucket: BucketId, key: &[u8]) -> Self {
        let mut hasher = Xxh3::new();
        hasher.update(&bucket.0.to_be_bytes());
        hasher.update(key);
        Self(hasher.digest())
    }

    /// The partition the hash falls into, of `2^partition_bits` equal ones.
    pub fn partition(self, partition_bits: u8) -> PartitionId {
        if partition_bits == 0 {
            return PartitionId(0);
        }
        let top = self.0 >> (64 - u32::from(partition_bits));
        PartitionId(u16::try_from(top).unwrap_or(u16::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published vectors: a change here would move every record of every cluster.
    #[test]
    fn published_vectors_of_the_key_hash() {
        let vectors: [(u32, &[u8], u64); 3] = [
            (0, b"", VECTOR_EMPTY),
            (0, b"cart:1001", VECTOR_CART),
            (7, b"cart:1001", VECTOR_OTHER_BUCKET),
        ];
        for (bucket, key, expected) in vectors {
            assert_eq!(KeyHash::of(BucketId(bucket), key).0, expected, "{key:?}");
        }
    }

    const VECTOR_EMPTY: u64 = 0x48b2_c926_16fc_193d;
    const VECTOR_CART: u64 = 0x48aa_64f9_a0b7_8238;
    const VECTOR_OTHER_BUCKET: u64 = 0xf5b7_bc8d_1ce0_91af;

    #[test]
    fn one_piece_and_many_give_one_hash() {
        for len in [
            0,
            1,
            SHORT_LEN - BUCKET_LEN,
            SHORT_LEN - BUCKET_LEN + 1,
            1024,
        ] {
            let key = vec![7; len];
            let (bucket, key) = (BucketId(5), &key);
            assert_eq!(KeyHash::of(bucket, key), KeyHash::of_pieces(bucket, key));
        }
    }

    #[test]
    fn the_partition_is_the_top_bits() {
        assert_eq!(KeyHash(u64::MAX).partition(8), PartitionId(255));
        assert_eq!(KeyHash(1 << 56).partition(8), PartitionId(1));
        assert_eq!(KeyHash(u64::MAX).partition(0), PartitionId(0));
        assert_eq!(KeyHash(u64::MAX).partition(16), PartitionId(u16::MAX));
    }
}
