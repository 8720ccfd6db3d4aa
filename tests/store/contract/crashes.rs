//! What a killed process finds when it starts again.

use bytes::Bytes;
use cartwheel::store::{Batch, Durability, Family};

use super::{Shard, Subject, key};

pub fn a_killed_store_has_every_committed_batch<S: Subject>(subject: S) {
    let shard = Shard::attach(&subject, 0, 1);
    for number in 0..30 {
        shard.commit(batch(number), durability(number));
    }
    let subject = subject.killed();
    let shard = Shard::attach(&subject, 0, 1);
    for number in 0..30 {
        for family in [Family::Objects, Family::Trees] {
            let read = shard.read(family, &key(number));
            assert_eq!(read.unwrap(), format!("value {number}"));
        }
    }
}

pub fn a_killed_store_has_no_batch_without_those_before_it<S: Subject>(subject: S) {
    let shard = Shard::attach(&subject, 0, 1);
    for number in 0..1000 {
        shard.submit(batch(number), durability(number));
    }
    let heard = shard.wait_for(1).len();
    let subject = subject.killed();
    let found = |family| subject.store().scan(family, b"", b"\xff", 1000).unwrap();
    let objects = found(Family::Objects);
    assert!(objects.len() >= heard);
    for (number, (found, _)) in (0..).zip(&objects) {
        assert_eq!(found, &key(number), "a batch before it is missing");
    }
    assert_eq!(objects, found(Family::Trees), "half a batch");
}

fn batch(number: u64) -> Batch {
    let value = Bytes::from(format!("value {number}"));
    let mut batch = Batch::new();
    batch.put(Family::Objects, key(number), value.clone());
    batch.put(Family::Trees, key(number), value);
    batch
}

fn durability(number: u64) -> Durability {
    match number % 3 {
        0 => Durability::Buffered,
        1 => Durability::Marked,
        _ => Durability::Synced,
    }
}
