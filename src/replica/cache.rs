//! Recently used records that are safely written: it saves the read before a write.

use bytes::Bytes;

use crate::lookup::Lookup;
use crate::store::StoredKey;

/// Records in a circle, with a hand that walks it (CLOCK; Corbató, "A Paging Experiment with
/// the Multics System", 1968): what was used since the hand came by last stays, and the first
/// that was not goes. Each entry costs its newcomer a step or two, and none costs a pause.
#[derive(Debug)]
pub(super) struct RecordCache {
    slots: Vec<Slot>,
    places: Lookup<StoredKey, u32>,
    hand: usize,
    bytes: usize,
    bytes_max: usize,
}

#[derive(Debug)]
struct Slot {
    key: StoredKey,
    record: Bytes,
    used: bool,
}

/// What an entry costs beside its bytes: its slot and place, what the allocator adds to the two
/// pieces of memory, and the free room of a vector and a table.
const ENTRY_OVERHEAD: usize = 192;

impl Slot {
    fn cost(&self) -> usize {
        cost(&self.key, &self.record)
    }
}

fn cost(key: &StoredKey, record: &Bytes) -> usize {
    key.as_bytes().len() + record.len() + ENTRY_OVERHEAD
}

impl RecordCache {
    pub(super) fn new(bytes_max: usize, seed: u64) -> Self {
        Self {
            slots: Vec::new(),
            places: Lookup::seeded(seed),
            hand: 0,
            bytes: 0,
            bytes_max,
        }
    }

    pub(super) fn get(&mut self, key: &StoredKey) -> Option<Bytes> {
        let slot = &mut self.slots[*self.places.get(key)? as usize];
        slot.used = true;
        Some(slot.record.clone())
    }

    pub(super) fn insert(&mut self, key: StoredKey, record: Bytes) {
        // A few large ones would drive out everything else.
        if cost(&key, &record) > self.bytes_max / 8 {
            return self.remove(&key);
        }
        match self.places.get(&key) {
            Some(&place) => self.replace(place as usize, record),
            None => self.add(key, record),
        }
        while self.bytes > self.bytes_max {
            self.turn();
        }
    }

    pub(super) fn remove(&mut self, key: &StoredKey) {
        if let Some(&place) = self.places.get(key) {
            self.evict(place as usize);
        }
    }

    pub(super) fn clear(&mut self) {
        self.slots.clear();
        self.places.clear();
        (self.hand, self.bytes) = (0, 0);
    }

    fn replace(&mut self, place: usize, record: Bytes) {
        let slot = &mut self.slots[place];
        self.bytes = self.bytes + record.len() - slot.record.len();
        slot.record = record;
        slot.used = true;
    }

    fn add(&mut self, key: StoredKey, record: Bytes) {
        let Ok(place) = u32::try_from(self.slots.len()) else {
            return;
        };
        self.bytes += cost(&key, &record);
        self.places.insert(key.clone(), place);
        // Whoever is used only once goes at the hand's first visit.
        let used = false;
        self.slots.push(Slot { key, record, used });
    }

    /// One step of the hand.
    fn turn(&mut self) {
        if self.hand >= self.slots.len() {
            self.hand = 0;
        }
        let slot = &mut self.slots[self.hand];
        if !std::mem::take(&mut slot.used) {
            self.evict(self.hand);
        }
        // Past what has moved here from the end, too: that is the newest.
        self.hand += 1;
    }

    /// The last of the circle takes the place that becomes free.
    fn evict(&mut self, place: usize) {
        let gone = self.slots.swap_remove(place);
        self.bytes -= gone.cost();
        self.places.remove(&gone.key);
        if let (Some(moved), Ok(place)) = (self.slots.get(place), u32::try_from(place)) {
            self.places.insert(moved.key.clone(), place);
        }
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
        let mut cache = RecordCache::new(20_000, 7);
        cache.insert(key(0), Bytes::from_static(b"used"));
        for at in 1..1_000 {
            assert!(cache.get(&key(0)).is_some(), "after {at} others");
            cache.insert(key(at), Bytes::from_static(b"once"));
        }
        assert!(cache.get(&key(1)).is_none());
        assert!(cache.bytes <= 20_000);
    }

    #[test]
    fn of_what_is_used_once_the_newest_stays() {
        let mut cache = RecordCache::new(20_000, 7);
        (0..1_000).for_each(|at| cache.insert(key(at), Bytes::from_static(b"once")));
        let kept = (0..1_000).filter(|at| cache.get(&key(*at)).is_some());
        let kept: Vec<u64> = kept.collect();
        assert!(kept.len() > 80, "{kept:?}");
        assert!(kept.iter().all(|at| *at > 700), "{kept:?}");
    }

    #[test]
    fn every_key_has_its_own_record_whatever_went_before() {
        let mut cache = RecordCache::new(5_000, 7);
        for at in 0..1_000_u64 {
            let record = Bytes::from(at.to_be_bytes().to_vec());
            cache.insert(key(at % 50), record.clone());
            cache.remove(&key(at * 7 % 50 + 1));
            assert!(cache.get(&key(at % 50)).is_none_or(|kept| kept == record));
        }
        let costs: usize = cache.slots.iter().map(Slot::cost).sum();
        assert_eq!(cache.bytes, costs);
        assert_eq!(cache.places.len(), cache.slots.len());
    }

    #[test]
    fn a_record_too_large_for_the_cache_is_not_kept_and_hides_no_older_one() {
        let mut cache = RecordCache::new(2_000, 7);
        cache.insert(key(0), Bytes::from_static(b"old"));
        cache.insert(key(0), Bytes::from(vec![0; 10_000]));
        assert_eq!(cache.get(&key(0)), None);
    }
}
