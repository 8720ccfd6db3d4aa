//! Every key of a store with many files, by both ways of reading: filters, hash tables and
//! caches may save a look at the data, and never hide any of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use bytes::Bytes;
use cartwheel::key::{BucketId, KeyHash};
use cartwheel::node::ShardId;
use cartwheel::store::{
    Batch, Committer, Completion, CompletionSink, Durability, Family, Peek, ReplicaStore, SliceId,
    StoredKey, Submission, Ticket,
};
use cartwheel_storage::{OpenOptions, RocksStore};
use tempfile::TempDir;

use crate::rocks::options;

const KEYS: u64 = 12_000;
const ROUNDS: u64 = 12;
const BATCH: usize = 100;

/// What each key has, or that it was deleted.
type Model = BTreeMap<Bytes, Option<Bytes>>;

struct Forward(SyncSender<Completion>);

impl CompletionSink for Forward {
    fn complete(&self, completions: Vec<Completion>) {
        let completions = completions.into_iter();
        completions.for_each(|one| self.0.send(one).unwrap());
    }
}

/// A store whose memtable is full after a thousand records, and whose blocks don't all fit.
struct Subject {
    store: RocksStore,
    completions: Receiver<Completion>,
}

impl Subject {
    fn open(path: &Path) -> Self {
        let store = RocksStore::open(OpenOptions {
            block_cache_bytes: 1024 * 1024,
            memtable_bytes: 256 * 1024,
            accept_lost_writes: false,
            ..options(path)
        });
        let store = store.unwrap();
        let (sender, completions) = sync_channel(2 * KEYS as usize);
        store.attach(ShardId(0), Arc::new(Forward(sender)));
        Self { store, completions }
    }

    fn write(&self, ticket: u64, round: &[(Bytes, Option<Bytes>)]) {
        let mut batch = Batch::new();
        for (key, value) in round.iter().cloned() {
            match value {
                Some(value) => batch.put(Family::Objects, key, value),
                None => batch.delete(Family::Objects, key),
            }
        }
        self.store.submit(Submission {
            shard: ShardId(0),
            ticket: Ticket(ticket),
            batch,
            durability: Durability::Buffered,
        });
        let ticket = Ticket(ticket);
        let committed = Completion::Committed { ticket };
        assert_eq!(self.completions.recv().unwrap(), committed);
    }

    /// Reads every key, and says how many memory did not have.
    fn check(&self, model: &Model) -> usize {
        let mut loads = BTreeMap::new();
        for number in 0..KEYS {
            let key = key(number);
            let wanted = model.get(&key).cloned().flatten();
            match self.store.peek(Family::Objects, &key).unwrap() {
                Peek::Found(value) => assert_eq!(Some(value), wanted, "peek of {number}"),
                Peek::Absent => assert_eq!(None, wanted, "peek of {number}"),
                Peek::NotInMemory => {
                    let ticket = Ticket(number);
                    let shard = ShardId(0);
                    self.store.load(shard, ticket, Family::Objects, key);
                    loads.insert(ticket, wanted);
                }
            }
        }
        let count = loads.len();
        while !loads.is_empty() {
            let Completion::Loaded { ticket, value } = self.completions.recv().unwrap() else {
                panic!("a load was answered with something else");
            };
            let wanted = loads.remove(&ticket).unwrap();
            assert_eq!(value.unwrap(), wanted, "load of {ticket:?}");
        }
        count
    }
}

/// The stored form of a key, as a node makes it.
fn key(number: u64) -> Bytes {
    let (bucket, key) = (BucketId(0), format!("registry/src/file-{number}.rs"));
    let hash = KeyHash::of(bucket, key.as_bytes());
    let partition = hash.partition(8);
    let slice = SliceId { partition, n: 3 };
    StoredKey::new(slice, hash, bucket, key.as_bytes())
        .as_bytes()
        .clone()
}

/// A sixth of the keys, each tenth of which is deleted.
fn round(number: u64) -> Vec<(Bytes, Option<Bytes>)> {
    let keys = (0..KEYS).filter(|key| (key * 7 + number * 5).is_multiple_of(6));
    let value = |key: u64| Bytes::from(format!("{number}-{key}-{}", "v".repeat(200)));
    let entry = |at: u64| (key(at), (at % 10 != number % 10).then(|| value(at)));
    keys.map(entry).collect()
}

#[test]
fn every_key_is_found_after_flushes_and_openings() {
    let directory = TempDir::new().unwrap();
    let mut model = Model::new();
    let mut cold = 0;
    for number in 0..ROUNDS {
        let subject = Subject::open(directory.path());
        let round = round(number);
        for (at, batch) in round.chunks(BATCH).enumerate() {
            subject.write(at as u64, batch);
        }
        model.extend(round);
        cold += subject.check(&model);
        subject.store.close();
    }
    let found = model.values().flatten().count();
    assert!(found > 9_000, "only {found} keys are left to find");
    assert!(cold > 1_000, "only {cold} reads went to the disk");
}
