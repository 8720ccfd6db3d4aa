//! Records whose checksum is wrong, and what their replica forgets with them (rule 1).

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use cartwheel::key::{BucketId, KeyHash, PartitionId};
use cartwheel::message::replica::{OperationId, ReplicaError};
use cartwheel::node::ShardId;
use cartwheel::replica::{Action, Command, Effect, Replica, ReplicaReply};
use cartwheel::store::{
    Batch, Committer, Completion, CompletionSink, Durability, Family, MemoryMode, MemoryStore,
    SliceId, StoredKey, Submission, Ticket,
};
use cartwheel::version::{ConflictRule, ContextSecret, Record};

use crate::cluster::Random;

const SHARD: ShardId = ShardId(0);

#[derive(Default)]
struct Inbox(Mutex<Vec<Completion>>);

impl CompletionSink for Inbox {
    fn complete(&self, completions: Vec<Completion>) {
        let mut inbox = self.0.lock().expect("no test panics here");
        inbox.extend(completions);
    }
}

struct World {
    store: MemoryStore,
    inbox: Arc<Inbox>,
    replica: Replica<()>,
    random: Random,
}

impl World {
    fn new() -> Self {
        let mut random = Random(0);
        let store = MemoryStore::new(MemoryMode::Immediate);
        let inbox = Arc::<Inbox>::default();
        store.attach(SHARD, inbox.clone());
        let secret = ContextSecret::new([7; 16]);
        let replica = Replica::new(SHARD, secret, 0, &mut random);
        Self {
            store,
            inbox,
            replica,
            random,
        }
    }

    /// Puts bytes into the store that no replica has written.
    fn spoil(&self, key: &StoredKey) {
        let mut batch = Batch::new();
        let noise = Bytes::from_static(b"no record");
        batch.put(Family::Objects, key.as_bytes().clone(), noise);
        self.store.submit(Submission {
            shard: SHARD,
            ticket: Ticket(0),
            batch,
            durability: Durability::Synced,
        });
    }

    fn execute(&mut self, key: &StoredKey, action: Action) -> Vec<ReplicaReply> {
        let command = Command {
            asker: (),
            operation: OperationId {
                shard: 0,
                start: 0,
                slot: 0,
                generation: 0,
            },
            key: key.clone(),
            rule: ConflictRule::Siblings,
            durability: Durability::Synced,
            action,
        };
        let (random, mut effects) = (&mut self.random, Vec::new());
        self.replica
            .execute(command, &self.store, random, &mut effects);
        self.replica.flush(&mut effects);
        let mut replies = Vec::new();
        while !effects.is_empty() {
            for effect in std::mem::take(&mut effects) {
                match effect {
                    Effect::Submit(submission) => self.store.submit(submission),
                    Effect::Answer { reply, .. } => replies.push(reply),
                    Effect::Load { .. } => panic!("nothing is cold"),
                }
            }
            let inbox = self.inbox.0.lock();
            let completions = std::mem::take(&mut *inbox.expect("no test panics here"));
            for completion in completions {
                self.replica
                    .complete(completion, &mut self.random, &mut effects);
            }
        }
        replies
    }

    fn origins_after_reads(&mut self, key: &StoredKey, reads: usize) -> u64 {
        let before = self.replica.counters().origins;
        for _ in 0..reads {
            let corrupt = ReplicaReply::Failed(ReplicaError::Corrupt);
            assert_eq!(self.execute(key, Action::Read(None)), [corrupt]);
        }
        self.replica.counters().origins - before
    }
}

fn key(name: &[u8]) -> StoredKey {
    let slice = SliceId {
        partition: PartitionId(0),
        n: 3,
    };
    StoredKey::new(slice, KeyHash(0), BucketId(0), name)
}

/// Each origin stays in every record that is written meanwhile: a client that polls a corrupt
/// key would make the contexts of others longer than they may be.
#[test]
fn a_corrupt_record_costs_one_origin_however_often_it_is_read() {
    let mut world = World::new();
    world.spoil(&key(b"milk"));
    world.spoil(&key(b"eggs"));
    assert_eq!(world.origins_after_reads(&key(b"milk"), 100), 1);
    assert_eq!(world.origins_after_reads(&key(b"eggs"), 100), 1);
    assert_eq!(world.origins_after_reads(&key(b"milk"), 100), 0);
}

#[test]
fn a_record_that_was_replaced_and_is_corrupt_again_costs_another_origin() {
    let mut world = World::new();
    let milk = key(b"milk");
    for _ in 0..3 {
        world.spoil(&milk);
        assert_eq!(world.origins_after_reads(&milk, 9), 1);
        let replies = world.execute(&milk, Action::Merge(Record::new().encode()));
        assert_eq!(replies, [ReplicaReply::Stored]);
    }
}
