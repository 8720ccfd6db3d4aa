//! A replica alone, on a store that completes everything at once.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use cartwheel::key::{BucketId, KeyHash, PartitionId};
use cartwheel::message::replica::OperationId;
use cartwheel::node::ShardId;
use cartwheel::replica::{Action, Command, Effect, Replica, ReplicaReply};
use cartwheel::store::{
    Batch, Committer, Completion, CompletionSink, Durability, Family, MemoryMode, MemoryStore,
    SliceId, StoreError, StoreOperation, StoredKey, Submission, Ticket,
};
use cartwheel::version::{ConflictRule, ContextSecret};

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

pub struct World {
    pub replica: Replica<()>,
    store: MemoryStore,
    inbox: Arc<Inbox>,
    random: Random,
}

impl World {
    pub fn new() -> Self {
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
    pub fn spoil(&self, key: &StoredKey) {
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

    /// Asks for the records of keys that are not in memory, in one burst, and says how many of
    /// them the disk is asked for; the others are answered at once.
    pub fn cold_reads(&mut self, keys: &[StoredKey]) -> (usize, Vec<ReplicaReply>) {
        self.store.set_cold(true);
        let (mut effects, random) = (Vec::new(), &mut self.random);
        for key in keys {
            let command = command(key, Action::Read(None));
            self.replica
                .execute(command, &self.store, random, &mut effects);
        }
        let is_load = |effect: &Effect<()>| matches!(effect, Effect::Load { .. });
        let loads = effects.iter().filter(|effect| is_load(effect)).count();
        let reply = |effect| match effect {
            Effect::Answer { reply, .. } => Some(reply),
            _ => None,
        };
        (loads, effects.into_iter().filter_map(reply).collect())
    }

    /// Does several things with a record that is not in memory, and that the disk can't read.
    pub fn unreadable(&mut self, key: &StoredKey, actions: Vec<Action>) -> Vec<ReplicaReply> {
        self.store.set_cold(true);
        let mut effects = Vec::new();
        for action in actions {
            let (command, random) = (command(key, action), &mut self.random);
            self.replica
                .execute(command, &self.store, random, &mut effects);
        }
        self.store.set_cold(false);
        let [Effect::Load { ticket, .. }] = effects[..] else {
            panic!("one load: {effects:?}")
        };
        effects.clear();
        let value = Err(StoreError {
            operation: StoreOperation::Read,
            cause: "a failure on demand".to_owned(),
        });
        let loaded = Completion::Loaded { ticket, value };
        self.replica
            .complete(loaded, &mut self.random, &mut effects);
        self.carry_out(effects)
    }

    /// Does one thing, and all that follows from it.
    pub fn execute(&mut self, key: &StoredKey, action: Action) -> Vec<ReplicaReply> {
        self.burst(key, vec![action])
    }

    /// Does several things in one burst.
    pub fn burst(&mut self, key: &StoredKey, actions: Vec<Action>) -> Vec<ReplicaReply> {
        let mut effects = Vec::new();
        for action in actions {
            let (command, random) = (command(key, action), &mut self.random);
            self.replica
                .execute(command, &self.store, random, &mut effects);
        }
        self.carry_out(effects)
    }

    fn carry_out(&mut self, mut effects: Vec<Effect<()>>) -> Vec<ReplicaReply> {
        self.replica.flush(&mut effects);
        let mut replies = Vec::new();
        while !effects.is_empty() {
            for effect in std::mem::take(&mut effects) {
                match effect {
                    Effect::Submit(submission) => self.store.submit(submission),
                    Effect::Answer { reply, .. } => replies.push(reply),
                    Effect::Accepted { .. } => panic!("nobody observes"),
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
}

pub fn command(key: &StoredKey, action: Action) -> Command<()> {
    Command {
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
    }
}

pub fn key(name: &[u8]) -> StoredKey {
    let slice = SliceId {
        partition: PartitionId(0),
        n: 3,
    };
    StoredKey::new(slice, KeyHash(0), BucketId(0), name)
}
