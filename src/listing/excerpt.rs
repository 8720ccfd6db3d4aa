//! What one owner answers: the keys of a bucket in a range of its store.

use bytes::{BufMut, Bytes, BytesMut};

use crate::key::PartitionId;
use crate::limits::{RANGE_BYTES_MAX, RANGE_ENTRIES_MAX};
use crate::message::replica::{ReplicaList, ReplicaListed};
use crate::planted_bug::{self, PlantedBug};
use crate::store::{Family, Range, RangeRead, SliceId, StoredKey};
use crate::version::Record;

/// A question for keys, as one owner answers it.
#[derive(Clone, Debug)]
pub struct Excerpt {
    list: ReplicaList,
    n: u8,
}

impl Excerpt {
    /// The question for keys of a bucket of so many owners.
    pub fn new(list: ReplicaList, n: u8) -> Self {
        Self { list, n }
    }

    /// What to read. Keys of other buckets of the slice are read with them.
    pub fn range(&self) -> Range {
        let partition = PartitionId(self.list.partition);
        let (first, until) = StoredKey::range_of(SliceId {
            partition,
            n: self.n,
        });
        // A cursor is the client's word: it leads nowhere outside the slice.
        let from = first.max(successor(&self.list.after));
        Range {
            family: Family::Objects,
            from,
            until,
            entries_max: RANGE_ENTRIES_MAX,
            bytes_max: RANGE_BYTES_MAX,
        }
    }

    /// The answer from what was read.
    pub fn answer(&self, read: RangeRead) -> ReplicaListed {
        let limit = (self.list.limit as usize).max(1);
        let mut listed = ReplicaListed {
            keys: Vec::new(),
            through: Bytes::new(),
        };
        for (key, record) in read.entries {
            if listed.keys.len() >= limit {
                return listed;
            }
            if self.is_of_bucket(&key) || planted_bug::is(PlantedBug::ListOtherBuckets) {
                // A corrupt record is listed: it exists, and a read will say what is wrong.
                let live = Record::decode(&record).map_or(true, |record| record.siblings() > 0);
                listed.keys.push((key.clone(), live));
            }
            listed.through = key;
        }
        if read.whole {
            listed.through = Bytes::new();
        }
        listed
    }

    fn is_of_bucket(&self, key: &Bytes) -> bool {
        StoredKey::parse(key.clone()).is_ok_and(|key| key.bucket() == self.list.bucket)
    }
}

/// The first key behind a key; before any: before all.
fn successor(key: &[u8]) -> Bytes {
    if key.is_empty() {
        return Bytes::new();
    }
    let mut next = BytesMut::from(key);
    if !planted_bug::is(PlantedBug::BeginWithTheLastKey) {
        next.put_u8(0);
    }
    next.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{BucketId, KeyHash};

    fn excerpt(after: Bytes, limit: u32) -> Excerpt {
        let list = ReplicaList {
            bucket: BucketId(5),
            partition: 2,
            after,
            limit,
        };
        Excerpt::new(list, 3)
    }

    fn key(bucket: u32, hash: u64) -> Bytes {
        let partition = PartitionId(2);
        let slice = SliceId { partition, n: 3 };
        let stored = StoredKey::new(slice, KeyHash(hash), BucketId(bucket), b"key");
        stored.as_bytes().clone()
    }

    fn read(keys: &[Bytes], whole: bool) -> RangeRead {
        let entry = |key: &Bytes| (key.clone(), Bytes::from_static(b"no record"));
        let entries = keys.iter().map(entry).collect();
        RangeRead { entries, whole }
    }

    #[test]
    fn a_range_begins_behind_the_cursor_and_stays_within_the_slice() {
        let (first, until) = StoredKey::range_of(SliceId {
            partition: PartitionId(2),
            n: 3,
        });
        assert_eq!(excerpt(Bytes::new(), 1).range().from, first);
        let behind = excerpt(key(5, 7), 1).range();
        assert!(key(5, 7) < behind.from && behind.from < key(5, 8));
        assert_eq!(behind.until, until);
        let before = excerpt(Bytes::from_static(b"\0"), 1).range();
        assert_eq!(before.from, first, "no keys of another slice are read");
    }

    #[test]
    fn keys_of_other_buckets_are_passed_over() {
        let keys = [key(4, 1), key(5, 2), key(6, 3)];
        let answer = excerpt(Bytes::new(), 9).answer(read(&keys, false));
        assert_eq!(answer.keys, [(key(5, 2), true)]);
        assert_eq!(answer.through, key(6, 3), "it is complete up to there");
    }

    #[test]
    fn an_answer_says_how_far_it_reaches() {
        let keys = [key(5, 1), key(5, 2), key(5, 3)];
        let whole = excerpt(Bytes::new(), 3).answer(read(&keys, true));
        assert_eq!((whole.keys.len(), whole.through), (3, Bytes::new()));
        let part = excerpt(Bytes::new(), 3).answer(read(&keys, false));
        assert_eq!((part.keys.len(), part.through), (3, key(5, 3)));
        let limited = excerpt(Bytes::new(), 2).answer(read(&keys, true));
        assert_eq!((limited.keys.len(), limited.through), (2, key(5, 2)));
        let none = excerpt(Bytes::new(), 0).answer(read(&keys, true));
        assert_eq!(none.through, key(5, 1), "an answer always gets on");
    }
}
