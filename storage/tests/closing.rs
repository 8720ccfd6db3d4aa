//! What happens to a store that is closed, and to those who did not notice.

use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cartwheel::node::ShardId;
use cartwheel::store::{
    Batch, Committer, Completion, CompletionSink, Durability, Family, ReplicaStore, StoreOperation,
    Submission, Ticket,
};
use cartwheel_storage::RocksStore;
use tempfile::TempDir;

use crate::contract::{key, range};
use crate::rocks::options;

/// Far longer than any of it takes.
const LONG: Duration = Duration::from_secs(10);

struct Forward(SyncSender<Completion>);

impl CompletionSink for Forward {
    fn complete(&self, completions: Vec<Completion>) {
        completions
            .into_iter()
            .for_each(|one| self.0.send(one).unwrap());
    }
}

fn submission(number: u64, durability: Durability) -> Submission {
    let mut batch = Batch::new();
    batch.put(Family::Objects, key(number), key(number));
    Submission {
        shard: ShardId(0),
        ticket: Ticket(number),
        batch,
        durability,
    }
}

#[test]
fn closing_commits_what_is_queued() {
    let directory = TempDir::new().unwrap();
    let store = RocksStore::open(options(directory.path())).unwrap();
    let (sender, completions) = sync_channel(1000);
    store.attach(ShardId(0), Arc::new(Forward(sender)));
    for number in 0..1000 {
        store.submit(submission(number, Durability::Buffered));
    }
    store.close();
    let committed = (0..1000).map(|number| Completion::Committed {
        ticket: Ticket(number),
    });
    assert!(completions.try_iter().eq(committed));
    drop(store);
    let store = RocksStore::open(options(directory.path())).unwrap();
    let found = store.scan(Family::Objects, b"", b"\xff", usize::MAX);
    assert_eq!(found.unwrap().len(), 1000);
}

#[test]
fn what_comes_after_the_closing_fails() {
    let directory = TempDir::new().unwrap();
    let store = RocksStore::open(options(directory.path())).unwrap();
    let (sender, completions) = sync_channel(10);
    store.attach(ShardId(0), Arc::new(Forward(sender)));
    store.submit(submission(1, Durability::Synced));
    store.close();
    store.close();
    store.submit(submission(2, Durability::Synced));
    store.load(ShardId(0), Ticket(3), Family::Objects, key(1));
    store.load_range(ShardId(0), Ticket(4), range("", "z"));
    let error = store.peek(Family::Objects, &key(1)).unwrap_err();
    assert_eq!(error.operation, StoreOperation::Write);
    assert_eq!(error.cause, "it is closed");
    assert!(store.scan(Family::Objects, b"", b"\xff", 1).is_err());
    let heard: Vec<_> = completions.try_iter().collect();
    let expected = [
        Completion::Committed { ticket: Ticket(1) },
        Completion::Failed {
            ticket: Ticket(2),
            error: error.clone(),
        },
        Completion::Loaded {
            ticket: Ticket(3),
            value: Err(error.clone()),
        },
        Completion::RangeLoaded {
            ticket: Ticket(4),
            read: Err(error),
        },
    ];
    assert_eq!(heard, expected);
}

/// Holds the last handle to the store, and lets go of it on the store's own thread.
struct LastHandle {
    store: Mutex<Option<Arc<RocksStore>>>,
    done: SyncSender<()>,
}

impl CompletionSink for LastHandle {
    fn complete(&self, _: Vec<Completion>) {
        drop(self.store.lock().unwrap().take());
        self.done.send(()).unwrap();
    }
}

#[test]
fn a_store_that_its_own_sink_drops_does_not_wait_for_itself() {
    let directory = TempDir::new().unwrap();
    let store = Arc::new(RocksStore::open(options(directory.path())).unwrap());
    let (done, wait) = sync_channel(1);
    let sink = Arc::new(LastHandle {
        store: Mutex::default(),
        done,
    });
    store.attach(ShardId(0), Arc::clone(&sink) as Arc<dyn CompletionSink>);
    let mut held = sink.store.lock().unwrap();
    store.submit(submission(1, Durability::Synced));
    *held = Some(store);
    drop(held);
    let ended = wait.recv_timeout(LONG);
    assert_ne!(ended, Err(RecvTimeoutError::Timeout));
}
