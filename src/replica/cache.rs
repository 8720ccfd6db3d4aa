//! Recently used records that are safely written: it saves the read before a write.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::store::StoredKey;

/// Two generations: a hit in the old one moves to the young one, and when the young one is
/// full the old one is dropped. That keeps what was used of late at a constant cost.
#[derive(Debug)]
pub(super) struct RecordCache {
    young: BTreeMap<StoredKey, Bytes>,
    old: BTreeMap<StoredKey, Bytes>,
    young_bytes: usize,
    generation_bytes_max: usize,
}

/// What an entry costs beside its bytes: two pointers each for key and value, and its share
/// of a tree node.
const ENTRY_OVERHEAD: usize = 128;

impl RecordCache {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self {
            young: BTreeMap::new(),
            old: BTreeMap::new(),
            young_bytes: 0,
            generation_bytes_max: bytes_max / 2,
        }
    }

    pub(super) fn get(&mut self, key: &StoredKey) -> Option<Bytes> {
        if let Some(record) = self.young.get(key) {
            return Some(record.clone());
        }
        let record = self.old.remove(key)?;
        self.insert(key.clone(), record.clone());
        Some(record)
    }

    pub(super) fn insert(&mut self, key: StoredKey, record: Bytes) {
        let cost = key.as_bytes().len() + record.len() + ENTRY_OVERHEAD;
        if cost > self.generation_bytes_max {
            self.remove(&key);
            return;
        }
        self.young_bytes += cost;
        self.young.insert(key, record);
        if self.young_bytes > self.generation_bytes_max {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
    }

    pub(super) fn remove(&mut self, key: &StoredKey) {
        self.young.remove(key);
        self.old.remove(key);
    }

    pub(super) fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
        self.young_bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{BucketId, KeyHash, PartitionId};
    use crate::store::SliceId;

    fn key(at: u64) -> StoredKey {
        let slice = SliceId {
            partition: PartitionId(0),
            n: 3,
        };
        StoredKey::new(slice, KeyHash(at), BucketId(0), b"")
    }

    #[test]
    fn what_is_used_stays_and_the_rest_goes() {
        let mut cache = RecordCache::new(20_000);
        cache.insert(key(0), Bytes::from_static(b"used"));
        for at in 1..1_000 {
            cache.insert(key(at), Bytes::from_static(b"once"));
            assert!(cache.get(&key(0)).is_some(), "after {at} others");
        }
        assert!(cache.get(&key(1)).is_none());
    }

    #[test]
    fn a_record_larger_than_the_cache_is_not_kept_and_hides_no_older_one() {
        let mut cache = RecordCache::new(1_000);
        cache.insert(key(0), Bytes::from_static(b"old"));
        cache.insert(key(0), Bytes::from(vec![0; 10_000]));
        assert_eq!(cache.get(&key(0)), None);
    }
}
