//! Records whose checksum is wrong, and what their replica forgets with them (rule 1).

use cartwheel::message::replica::ReplicaError;
use cartwheel::replica::{Action, ReplicaReply};
use cartwheel::store::StoredKey;
use cartwheel::version::Record;

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

#[test]
fn a_record_that_was_replaced_and_is_corrupt_again_costs_another_origin() {
    let mut world = World::new();
    let milk = key(b"milk");
    for _ in 0..3 {
        world.spoil(&milk);
        assert_eq!(origins_after_reads(&mut world, &milk, 9), 1);
        let replies = world.execute(&milk, Action::Merge(Record::new().encode()));
        assert_eq!(replies, [ReplicaReply::Stored]);
    }
}
