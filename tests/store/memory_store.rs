//! `MemoryStore` in each of its modes, and what only it can do.

use std::sync::Mutex;

use cartwheel::node::{ClusterId, NodeId, StoreId};
use cartwheel::store::{
    Completion, Durability, Family, Identity, IdentityError, MemoryMode, MemoryOpenError,
    MemoryStore, Peek, ReplicaStore, StoreError, StoreOperation,
};

use crate::contract::{Shard, Subject, contract_holds_for, is_failed, key, range};

struct Immediate(MemoryStore);

impl Subject for Immediate {
    fn new() -> Self {
        Self(MemoryStore::new(MemoryMode::Immediate))
    }

    fn store(&self) -> &dyn ReplicaStore {
        &self.0
    }

    fn killed(self) -> Self {
        self.0.crash(usize::MAX);
        self
    }

    fn break_writes(&self) {
        self.0.fail_next(StoreOperation::Write);
    }
}

/// The steps are taken by one thread at a time, as the store asks.
struct Manual(MemoryStore, Mutex<()>);

impl Subject for Manual {
    fn new() -> Self {
        Self(MemoryStore::new(MemoryMode::Manual), Mutex::default())
    }

    fn store(&self) -> &dyn ReplicaStore {
        &self.0
    }

    fn proceed(&self) {
        let _one_at_a_time = self.1.lock();
        self.0.write_queued();
        self.0.sync();
        self.0.read_queued();
    }

    fn killed(self) -> Self {
        self.0.crash(usize::MAX);
        self
    }

    fn break_writes(&self) {
        self.0.fail_next(StoreOperation::Sync);
    }
}

/// Memory that knows nothing, so that every read takes the way by the disk.
struct Cold(Manual);

impl Subject for Cold {
    fn new() -> Self {
        let manual = Manual::new();
        manual.0.set_cold(true);
        Self(manual)
    }

    fn store(&self) -> &dyn ReplicaStore {
        self.0.store()
    }

    fn proceed(&self) {
        self.0.proceed();
    }

    fn killed(self) -> Self {
        Self(self.0.killed())
    }

    fn break_writes(&self) {
        self.0.break_writes();
    }
}

mod immediate {
    super::contract_holds_for!(super::Immediate);
    super::contract_holds_for!(super::Immediate: a_failed_write_fails_everything_later,);
}

mod manual {
    super::contract_holds_for!(super::Manual);
    super::contract_holds_for!(super::Manual: a_failed_write_fails_everything_later,);
}

mod cold {
    super::contract_holds_for!(super::Cold);
}

#[test]
fn a_power_cut_loses_an_end_of_what_was_not_synced() {
    for keep in 0..=5 {
        let subject = Manual::new();
        let shard = Shard::attach(&subject, 0, 1);
        put_numbers(&shard, 0..3, Durability::Synced);
        subject.0.write_queued();
        subject.0.sync();
        put_numbers(&shard, 3..7, Durability::Buffered);
        subject.0.write_queued();
        put_numbers(&shard, 7..9, Durability::Buffered);
        assert_eq!((subject.0.unsynced(), subject.0.queued()), (4, 2));
        subject.0.crash(keep);
        let left = subject.0.scan(Family::Objects, b"", b"\xff", 100);
        let numbers = 0..3 + u64::try_from(keep.min(4)).unwrap();
        let expected = numbers.map(|number| (key(number), "value".into()));
        assert_eq!(left.unwrap(), expected.collect::<Vec<_>>());
        assert_eq!((subject.0.unsynced(), subject.0.queued()), (0, 0));
    }
}

#[test]
fn a_crash_tells_nobody_of_what_was_under_way() {
    let subject = Manual::new();
    let shard = Shard::attach(&subject, 0, 1);
    shard.put(b"written", b"value", Durability::Synced);
    subject.0.write_queued();
    shard.put(b"queued", b"value", Durability::Buffered);
    shard.start_load(Family::Objects, b"written");
    subject.0.crash(1);
    subject.proceed();
    assert_eq!(shard.heard(), 0);
}

#[test]
fn a_batch_that_waits_for_a_sync_holds_back_its_shard_alone() {
    let subject = Manual::new();
    let first = Shard::attach(&subject, 0, 1);
    let second = Shard::attach(&subject, 1, 1);
    put_numbers(&first, 0..1, Durability::Synced);
    put_numbers(&first, 1..2, Durability::Buffered);
    put_numbers(&second, 2..3, Durability::Buffered);
    assert_eq!(subject.0.write_queued(), 3);
    assert_eq!(first.heard(), 0);
    assert_eq!(second.heard(), 1);
    assert_eq!(subject.0.sync(), 3);
    assert_eq!(first.heard(), 2);
}

#[test]
fn a_failed_sync_is_never_tried_again() {
    let subject = Manual::new();
    let shard = Shard::attach(&subject, 0, 1);
    put_numbers(&shard, 0..1, Durability::Synced);
    subject.0.write_queued();
    subject.0.fail_next(StoreOperation::Sync);
    subject.0.sync();
    subject.0.sync();
    assert_eq!(subject.0.unsynced(), 1);
    assert!(shard.wait_for(1).iter().all(is_failed));
}

#[test]
fn a_failed_write_fails_none_that_was_written_before_it() {
    let subject = Manual::new();
    let shard = Shard::attach(&subject, 0, 1);
    put_numbers(&shard, 0..2, Durability::Buffered);
    subject.0.write_queued();
    subject.0.fail_next(StoreOperation::Write);
    put_numbers(&shard, 2..4, Durability::Buffered);
    subject.0.write_queued();
    let failed: Vec<_> = shard.wait_for(4).iter().map(is_failed).collect();
    assert_eq!(failed, [false, false, true, true]);
}

#[test]
fn a_failed_read_fails_alone() {
    let subject = Immediate::new();
    let shard = Shard::attach(&subject, 0, 1);
    put_numbers(&shard, 0..1, Durability::Synced);
    subject.0.fail_next(StoreOperation::Read);
    let operation = StoreOperation::Read;
    let cause = "a failure on demand".to_owned();
    let refused = subject.0.peek(Family::Objects, &key(0));
    assert_eq!(refused, Err(StoreError { operation, cause }));
    assert!(shard.read(Family::Objects, &key(0)).is_some());
    put_numbers(&shard, 1..2, Durability::Synced);
    assert!(!shard.wait_for(2).iter().any(is_failed));
}

#[test]
fn a_range_waits_for_its_reader_and_its_failure_is_the_ranges_alone() {
    let subject = Manual::new();
    let shard = Shard::attach(&subject, 0, 1);
    put_numbers(&shard, 0..3, Durability::Synced);
    shard.wait_for(3);
    let [failed, read] = [(); 2].map(|()| shard.start_load_range(range("", "z")));
    assert_eq!(shard.heard(), 3, "nobody has read yet");
    subject.0.fail_next(StoreOperation::Read);
    assert_eq!(subject.0.read_queued(), 2);
    for (ticket, is_read) in [(failed, false), (read, true)] {
        match shard.wait_for_ticket(ticket) {
            Completion::RangeLoaded { read, .. } => assert_eq!(read.is_ok(), is_read),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_corrupt_value_is_read_as_it_lies_there() {
    let subject = Immediate::new();
    let shard = Shard::attach(&subject, 0, 1);
    shard.put(b"key", b"value", Durability::Synced);
    assert!(subject.0.corrupt(Family::Objects, b"key", 6));
    assert_eq!(shard.read(Family::Objects, b"key").unwrap(), "v`lue");
}

#[test]
fn a_cold_store_has_to_load_and_a_warmed_one_has_not() {
    let subject = Immediate::new();
    let shard = Shard::attach(&subject, 0, 1);
    put_numbers(&shard, 0..1, Durability::Synced);
    let peek = || subject.0.peek(Family::Objects, &key(0)).unwrap();
    subject.0.set_cold(true);
    assert_eq!(peek(), Peek::NotInMemory);
    assert_eq!(shard.load(Family::Objects, &key(0)).unwrap(), "value");
    subject.0.set_cold(false);
    assert_eq!(peek(), Peek::Found("value".into()));
}

#[test]
fn a_store_that_was_wiped_is_a_new_one() {
    let store = MemoryStore::new(MemoryMode::Immediate);
    assert_eq!(store.open(identity(1)), Ok(identity(1)));
    assert_eq!(
        store.open(identity(2)),
        Ok(identity(1)),
        "it stays what it is"
    );
    store.wipe();
    assert_eq!(store.open(identity(3)), Ok(identity(3)));
}

#[test]
fn a_clone_and_a_rollback_say_they_are_the_store_they_were() {
    let (original, clone) = (Immediate::new(), Immediate::new());
    original.0.open(identity(1)).unwrap();
    let image = original.0.snapshot();
    let shard = Shard::attach(&original, 0, 1);
    put_numbers(&shard, 0..1, Durability::Synced);
    clone.0.restore(image.clone());
    assert_eq!(clone.0.open(identity(2)), Ok(identity(1)));
    original.0.restore(image);
    assert_eq!(original.0.open(identity(1)), Ok(identity(1)));
    for subject in [&original, &clone] {
        let shard = Shard::attach(subject, 0, 1);
        assert_eq!(shard.read(Family::Objects, &key(0)), None);
    }
}

#[test]
fn another_node_does_not_open_the_store() {
    let store = MemoryStore::new(MemoryMode::Immediate);
    store.open(identity(1)).unwrap();
    let (found, wanted) = (NodeId(1), NodeId(2));
    let node = wanted;
    let refused = store.open(Identity {
        node,
        ..identity(1)
    });
    let cause = IdentityError::AnotherNode { found, wanted };
    assert_eq!(refused, Err(MemoryOpenError::Identity(cause)));
}

#[test]
fn an_opening_that_was_told_to_fail_fails_once() {
    let store = MemoryStore::new(MemoryMode::Immediate);
    store.fail_next(StoreOperation::Open);
    assert!(matches!(
        store.open(identity(1)),
        Err(MemoryOpenError::Failed(_))
    ));
    assert_eq!(store.open(identity(2)), Ok(identity(2)));
}

#[test]
fn opening_again_ends_a_failure() {
    let subject = Immediate::new();
    subject.0.open(identity(1)).unwrap();
    subject.0.fail_next(StoreOperation::Write);
    let shard = Shard::attach(&subject, 0, 1);
    put_numbers(&shard, 0..1, Durability::Synced);
    assert!(is_failed(&shard.wait_for(1)[0]));
    subject.0.open(identity(1)).unwrap();
    let shard = Shard::attach(&subject, 0, 1);
    let ticket = shard.put(b"key", b"value", Durability::Synced);
    assert_eq!(shard.wait_for(1), [Completion::Committed { ticket }]);
}

fn put_numbers<S: Subject>(
    shard: &Shard<S>,
    numbers: std::ops::Range<u64>,
    durability: Durability,
) {
    for number in numbers {
        shard.put(&key(number), b"value", durability);
    }
}

fn identity(store: u64) -> Identity {
    Identity {
        store: StoreId(store),
        node: NodeId(1),
        cluster: ClusterId(1),
    }
}
