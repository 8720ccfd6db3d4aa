use cartwheel::store::{MemoryMode, MemoryStore, StoreOperation};
use futures::FutureExt;
use futures::future::join_all;

use super::*;

/// Two extensions on a store whose disk the test moves.
struct World {
    memory: Arc<MemoryStore>,
    feed: ExtensionStore,
    expiry: ExtensionStore,
}

impl World {
    fn new() -> Self {
        Self::on(Arc::new(MemoryStore::new(MemoryMode::Manual)))
    }

    fn on(memory: Arc<MemoryStore>) -> Self {
        let store: Arc<dyn ReplicaStore> = memory.clone();
        let reads = Arc::new(Semaphore::new(1));
        Self {
            memory,
            feed: ExtensionStore::open("feed", 0, &store, &reads),
            expiry: ExtensionStore::open("expiry", 1, &store, &reads),
        }
    }

    fn proceed(&self) {
        self.memory.write_queued();
        self.memory.sync();
        self.memory.read_queued();
    }

    /// What a question comes to while the disk goes on.
    fn done<T>(&self, question: impl Future<Output = T>) -> T {
        let mut question = std::pin::pin!(question);
        for _ in 0..100 {
            if let Some(answer) = question.as_mut().now_or_never() {
                return answer;
            }
            self.proceed();
        }
        panic!("it does not end");
    }

    fn write(&self, store: &ExtensionStore, key: &'static str, value: &'static str) {
        let written = store.write(put(key, value), Durability::Synced);
        self.done(written).unwrap();
    }
}

fn put(key: &'static str, value: &'static str) -> Changes {
    let mut changes = Changes::new();
    changes.put(key, value);
    changes
}

#[test]
fn what_was_waited_for_is_read_from_memory_and_from_disk() {
    let world = World::new();
    world.write(&world.feed, "key", "value");
    for cold in [false, true] {
        world.memory.set_cold(cold);
        assert_eq!(world.done(world.feed.get("key")).unwrap().unwrap(), "value");
        assert_eq!(world.done(world.feed.get("other")), Ok(None));
    }
}

#[test]
fn two_extensions_do_not_see_each_other() {
    let world = World::new();
    world.write(&world.feed, "key", "of the feed");
    world.write(&world.expiry, "key", "of the expiry");
    let read = world.done(world.feed.range("", "z", 10)).unwrap();
    assert_eq!(read.entries, [("key".into(), "of the feed".into())]);
    let mut gone = Changes::new();
    gone.delete("key");
    world
        .done(world.feed.write(gone, Durability::Synced))
        .unwrap();
    assert_eq!(world.done(world.feed.get("key")), Ok(None));
    assert!(world.done(world.expiry.get("key")).unwrap().is_some());
}

#[test]
fn a_crash_takes_what_was_not_synced_and_no_more() {
    let world = World::new();
    world.write(&world.feed, "synced", "value");
    let unsynced = world
        .feed
        .write(put("buffered", "value"), Durability::Buffered);
    let mut unsynced = std::pin::pin!(unsynced);
    assert!(unsynced.as_mut().now_or_never().is_none());
    world.memory.write_queued();
    assert_eq!(unsynced.now_or_never(), Some(Ok(())));
    world.memory.crash(0);
    let world = World::on(world.memory);
    assert!(world.done(world.feed.get("synced")).unwrap().is_some());
    assert_eq!(world.done(world.feed.get("buffered")), Ok(None));
}

#[test]
fn a_failed_write_is_an_error_and_so_is_all_that_follows() {
    let world = World::new();
    world.memory.fail_next(StoreOperation::Sync);
    let written = world.feed.write(put("key", "value"), Durability::Synced);
    let error = world.done(written).unwrap_err();
    assert!(matches!(error, ExtensionStoreError::Failed(_)), "{error}");
    assert!(world.done(world.feed.get("key")).is_err());
}

#[test]
fn too_much_at_once_is_refused_before_it_is_queued() {
    let world = World::new();
    let mut changes = Changes::new();
    changes.put("key", vec![0; EXTENSION_BATCH_BYTES_MAX]);
    let (len, limit) = (EXTENSION_BATCH_BYTES_MAX + 3, EXTENSION_BATCH_BYTES_MAX);
    let refused = world.done(world.feed.write(changes, Durability::Synced));
    assert_eq!(
        refused,
        Err(ExtensionStoreError::ChangesTooLarge { len, limit })
    );
    assert_eq!(world.memory.queued(), 0);
}

/// Whoever stops waiting leaves its batch with the disk, and with it its credit.
#[test]
fn no_more_is_under_way_than_there_are_credits() {
    let world = World::new();
    let count = EXTENSION_WRITES_MAX + 5;
    let write = |_| {
        let written = world.feed.write(put("key", "value"), Durability::Synced);
        written.now_or_never()
    };
    assert!((0..count).all(|at| write(at).is_none()));
    assert_eq!(world.memory.queued(), EXTENSION_WRITES_MAX);
    world.memory.set_cold(true);
    let reads = join_all([world.feed.get("a"), world.feed.get("b")]);
    assert_eq!(world.done(reads), [Ok(None), Ok(None)]);
}

#[test]
fn no_more_bytes_are_under_way_than_there_are_credits() {
    let world = World::new();
    let write = |len: usize| {
        let mut changes = Changes::new();
        changes.put("key", vec![0; len - 3]);
        let written = world.feed.write(changes, Durability::Synced);
        written.now_or_never()
    };
    let len = EXTENSION_BATCH_BYTES_MAX;
    assert!((0..5).all(|_| write(len).is_none()));
    let all = EXTENSION_WRITE_BYTES_MAX / len;
    assert_eq!(world.memory.queued(), all, "the last one waits");
    world.write(&world.expiry, "key", "value");
    assert_eq!(world.memory.queued(), 0);
    assert!(write(len).is_none());
    assert_eq!(world.memory.queued(), 1, "the bytes came back");
}
