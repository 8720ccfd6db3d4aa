//! Any history at all, against a twin that is too simple to be wrong.

use std::collections::BTreeMap;

use bytes::Bytes;
use cartwheel::store::{Batch, Durability, Family};

use super::{FAMILIES, Shard, Subject};

/// Few keys, so that batches overwrite and delete what others wrote.
const KEYS: u64 = 40;
const BATCHES: usize = 400;
const SEED: u64 = 0x5eed;

type Twin = BTreeMap<(Family, Bytes), Bytes>;

pub fn any_history_reads_like_a_sorted_map<S: Subject>(subject: S) {
    let mut random = Random(SEED);
    let mut twin = Twin::new();
    let shard = Shard::attach(&subject, 0, 1);
    for _ in 0..BATCHES {
        let batch = any_batch(&mut random);
        apply(&mut twin, &batch);
        shard.commit(batch, Durability::Buffered);
        let (family, key) = (any_family(&mut random), any_key(&mut random));
        assert_eq!(shard.read(family, &key), twin.get(&(family, key)).cloned());
    }
    all_is_the_same(&subject, &twin);
    all_is_the_same(&subject.killed(), &twin);
}

fn all_is_the_same<S: Subject>(subject: &S, twin: &Twin) {
    for family in FAMILIES {
        let of_family = twin.iter().filter(|((of, _), _)| *of == family);
        let expected: Vec<_> = of_family
            .map(|((_, key), value)| (key.clone(), value.clone()))
            .collect();
        assert!(
            !expected.is_empty(),
            "the history never wrote to {family:?}"
        );
        // A store may have keys of its own, its identity for one.
        let found = subject
            .store()
            .scan(family, b"key ", b"key\xff", usize::MAX);
        assert_eq!(found.unwrap(), expected, "seed {SEED:#x}, {family:?}");
    }
}

fn any_batch(random: &mut Random) -> Batch {
    let mut batch = Batch::new();
    for _ in 0..random.below(6) {
        let (family, key) = (any_family(random), any_key(random));
        match random.below(3) {
            0 => batch.delete(family, key),
            _ => batch.put(family, key, Bytes::from(format!("{:x}", random.next()))),
        }
    }
    batch
}

fn any_family(random: &mut Random) -> Family {
    FAMILIES[usize::try_from(random.below(5)).unwrap()]
}

fn any_key(random: &mut Random) -> Bytes {
    Bytes::from(format!("key {}", random.below(KEYS)))
}

fn apply(twin: &mut Twin, batch: &Batch) {
    for entry in batch.entries() {
        let place = (entry.family, entry.key.clone());
        match &entry.value {
            Some(value) => twin.insert(place, value.clone()),
            None => twin.remove(&place),
        };
    }
}

/// SplitMix64: the same numbers on every machine, for ever.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}
