//! What a batch does.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use bytes::Bytes;
use cartwheel::limits::RECORD_LEN_MAX;
use cartwheel::store::{Batch, Durability, Family};

use super::{FAMILIES, Shard, Subject, key};

pub fn what_is_committed_is_readable<S: Subject>(subject: S) {
    let shard = Shard::attach(&subject, 0, 1);
    for durability in [Durability::Buffered, Durability::Marked, Durability::Synced] {
        let key = format!("{durability:?}");
        shard.commit(put(Family::Objects, &key, "value"), durability);
        let read = shard.read(Family::Objects, key.as_bytes());
        assert_eq!(read.unwrap(), "value", "{durability:?}");
    }
}

pub fn a_family_does_not_see_the_keys_of_another<S: Subject>(subject: S) {
    let shard = Shard::attach(&subject, 0, 1);
    let mut batch = Batch::new();
    for family in FAMILIES {
        let value = Bytes::from(family.name().into_owned());
        batch.put(family, Bytes::from_static(b"key"), value);
    }
    shard.commit(batch, Durability::Synced);
    for family in FAMILIES {
        let read = shard.read(family, b"key");
        assert_eq!(read.unwrap(), family.name().as_bytes());
    }
    shard.commit(delete("key"), Durability::Synced);
    assert_eq!(shard.read(Family::Objects, b"key"), None);
    assert_eq!(shard.read(Family::Hints, b"key").unwrap(), "hints");
}

pub fn the_last_write_of_a_key_within_a_batch_wins<S: Subject>(subject: S) {
    let shard = Shard::attach(&subject, 0, 1);
    let mut batch = put(Family::Objects, "kept", "first");
    let (kept, gone) = (Bytes::from_static(b"kept"), Bytes::from_static(b"gone"));
    batch.put(Family::Objects, gone.clone(), Bytes::from_static(b"first"));
    batch.put(Family::Objects, kept, Bytes::from_static(b"last"));
    batch.delete(Family::Objects, gone);
    shard.commit(batch, Durability::Synced);
    assert_eq!(shard.read(Family::Objects, b"kept").unwrap(), "last");
    assert_eq!(shard.read(Family::Objects, b"gone"), None);
}

pub fn an_overwritten_value_is_gone<S: Subject>(subject: S) {
    let shard = Shard::attach(&subject, 0, 1);
    shard.commit(
        put(Family::Objects, "key", "a long first value"),
        Durability::Synced,
    );
    shard.commit(put(Family::Objects, "key", "second"), Durability::Buffered);
    assert_eq!(shard.read(Family::Objects, b"key").unwrap(), "second");
    assert_eq!(shard.load(Family::Objects, b"key").unwrap(), "second");
}

pub fn a_deleted_key_is_absent<S: Subject>(subject: S) {
    let shard = Shard::attach(&subject, 0, 1);
    shard.commit(put(Family::Objects, "key", "value"), Durability::Synced);
    shard.commit(delete("key"), Durability::Synced);
    assert_eq!(shard.read(Family::Objects, b"key"), None);
    assert_eq!(shard.load(Family::Objects, b"key"), None);
    let all = subject.store().scan(Family::Objects, b"", b"\xff", 10);
    assert_eq!(all.unwrap(), []);
}

pub fn an_empty_value_is_a_value<S: Subject>(subject: S) {
    let shard = Shard::attach(&subject, 0, 1);
    shard.commit(put(Family::Objects, "key", ""), Durability::Synced);
    assert_eq!(shard.read(Family::Objects, b"key").unwrap(), "");
}

pub fn an_empty_batch_is_committed<S: Subject>(subject: S) {
    let shard = Shard::attach(&subject, 0, 1);
    for durability in [Durability::Buffered, Durability::Marked, Durability::Synced] {
        shard.commit(Batch::new(), durability);
    }
}

pub fn a_record_of_the_greatest_size_is_stored_whole<S: Subject>(subject: S) {
    let shard = Shard::attach(&subject, 0, 1);
    let value = Bytes::from(vec![7; RECORD_LEN_MAX]);
    let mut batch = Batch::new();
    batch.put(Family::Objects, Bytes::from_static(b"key"), value.clone());
    shard.commit(batch, Durability::Synced);
    let read = shard.read(Family::Objects, b"key").unwrap();
    assert!(read == value, "{} of {} bytes", read.len(), value.len());
}

/// Many, so that a batch takes long enough to be caught half-way.
const KEYS_OF_A_BATCH: usize = 100;

/// Each batch gives all keys one number; a reader that ever sees two numbers saw half a batch.
pub fn a_batch_is_never_seen_in_part<S: Subject>(subject: S) {
    let shard = Shard::attach(&subject, 0, 1);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Acquire) {
                all_keys_have_one_number(&subject);
            }
        });
        for number in 0..200 {
            shard.commit(one_number(number), Durability::Buffered);
        }
        done.store(true, Ordering::Release);
    });
}

fn one_number(number: u64) -> Batch {
    let mut batch = Batch::new();
    for at in (0..).take(KEYS_OF_A_BATCH) {
        let number = Bytes::from(number.to_string());
        batch.put(Family::Objects, key(at), number);
    }
    batch
}

fn all_keys_have_one_number<S: Subject>(subject: &S) {
    let seen = subject
        .store()
        .scan(Family::Objects, b"", b"\xff", usize::MAX);
    let mut numbers: Vec<_> = seen
        .unwrap()
        .into_iter()
        .map(|(_, number)| number)
        .collect();
    let count = numbers.len();
    assert!([0, KEYS_OF_A_BATCH].contains(&count), "{count} keys");
    numbers.dedup();
    assert!(numbers.len() <= 1, "{numbers:?}");
}

fn put(family: Family, key: &str, value: &str) -> Batch {
    let mut batch = Batch::new();
    batch.put(
        family,
        Bytes::from(key.to_owned()),
        Bytes::from(value.to_owned()),
    );
    batch
}

fn delete(key: &str) -> Batch {
    let mut batch = Batch::new();
    batch.delete(Family::Objects, Bytes::from(key.to_owned()));
    batch
}
