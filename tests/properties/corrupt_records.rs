//! Records whose checksum is wrong, and what their replica forgets with them (rule 1).

use cartwheel::message::replica::{ReplicaAnswer, ReplicaError};
use cartwheel::replica::{Action, ReplicaReply};
use cartwheel::store::StoredKey;
use cartwheel::version::{History, Origin, Record};

use crate::lone_replica::{World, key};

fn origins_after_reads(world: &mut World, key: &StoredKey, reads: usize) -> u64 {
    let before = world.replica.counters().origins;
    for _ in 0..reads {
        let corrupt = ReplicaReply::Failed(ReplicaError::Corrupt);
        assert_eq!(world.execute(key, Action::Read(None)), [corrupt]);
    }
    world.replica.counters().origins - before
}

/// Each origin stays in every record that is written meanwhile: a client that polls a corrupt
/// key would make the contexts of others longer than they may be.
#[test]
fn a_corrupt_record_costs_one_origin_however_often_it_is_read() {
    let mut world = World::new();
    world.spoil(&key(b"milk"));
    world.spoil(&key(b"eggs"));
    assert_eq!(origins_after_reads(&mut world, &key(b"milk"), 100), 1);
    assert_eq!(origins_after_reads(&mut world, &key(b"eggs"), 100), 1);
    assert_eq!(origins_after_reads(&mut world, &key(b"milk"), 100), 0);
}

/// A, B and C own a key. v is acknowledged on A and C, A's record is corrupt, and B, which lacks v,
/// sends a blind u to A: did A take it, a strict read of A and B would agree on u and miss v.
#[test]
fn a_corrupt_record_takes_no_put_in_its_place_and_no_part_in_quorums_until_it_is_repaired() {
    let mut world = World::new();
    let milk = key(b"milk");
    world.spoil(&milk);
    let corrupt = [ReplicaReply::Failed(ReplicaError::Corrupt)];
    let put = Action::Merge(Record::new().encode());
    assert_eq!(world.execute(&milk, put.clone()), corrupt);
    assert_eq!(world.execute(&milk, Action::Read(None)), corrupt);
    let repair = Action::Repair(Record::new().encode());
    assert_eq!(world.execute(&milk, repair), [ReplicaReply::Stored]);
    assert_eq!(world.execute(&milk, put), [ReplicaReply::Stored]);
}

#[test]
fn a_record_that_was_replaced_and_is_corrupt_again_costs_another_origin() {
    let mut world = World::new();
    let milk = key(b"milk");
    for _ in 0..3 {
        world.spoil(&milk);
        assert_eq!(origins_after_reads(&mut world, &milk, 9), 1);
        let replies = world.execute(&milk, Action::Repair(Record::new().encode()));
        assert_eq!(replies, [ReplicaReply::Stored]);
    }
}

/// What waited for the same load takes its turn: a put before the repair is refused, and one after
/// it joins what the repair has queued.
#[test]
fn of_what_waits_for_a_record_that_cant_be_read_only_a_repair_brings_it_back() {
    let mut world = World::new();
    let milk = key(b"milk");
    let put = || Action::Merge(Record::new().encode());
    let repair = Action::Repair(Record::new().encode());
    let actions = vec![put(), Action::Read(None), repair, put()];
    let replies = world.unreadable(&milk, actions);
    let corrupt = ReplicaReply::Failed(ReplicaError::Corrupt);
    let stored = ReplicaReply::Stored;
    assert_eq!(replies, [corrupt.clone(), corrupt, stored.clone(), stored]);
}

/// It is fine on the disk, and only what is certain to cover it may replace it.
#[test]
fn a_refused_put_leaves_a_record_that_cant_be_read_as_it_is() {
    let mut world = World::new();
    let milk = key(b"milk");
    let record = Record::new().encode();
    let kept = world.execute(&milk, Action::Merge(record.clone()));
    assert_eq!(kept, [ReplicaReply::Stored]);
    let corrupt = ReplicaReply::Failed(ReplicaError::Corrupt);
    let mut other = Record::new();
    let mut seen = History::new();
    seen.cover(Origin(1), 7);
    other.cover(&seen);
    let refused = world.unreadable(&milk, vec![Action::Merge(other.encode())]);
    assert_eq!(refused, [corrupt]);
    let got = ReplicaReply::Got(ReplicaAnswer::Record(record));
    assert_eq!(world.execute(&milk, Action::Read(None)), [got]);
}
