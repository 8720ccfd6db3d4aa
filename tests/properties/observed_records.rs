//! What a replica tells of the records that are committed.

use bytes::Bytes;
use cartwheel::node::ShardId;
use cartwheel::replica::{Action, ClientWrite, Effect, Replica};
use cartwheel::store::{Completion, MemoryMode, MemoryStore, StoredKey, Ticket};
use cartwheel::time::WallTime;
use cartwheel::version::{Context, ContextSecret, Record, RequestId};

use crate::cluster::Random;
use crate::lone_replica::{command, key};

/// A replica whose batches the test completes.
struct World {
    replica: Replica<()>,
    store: MemoryStore,
    random: Random,
    requests: u128,
}

impl World {
    fn new(observed: bool) -> Self {
        let mut random = Random(0);
        let secret = ContextSecret::new([7; 16]);
        let replica = Replica::new(ShardId(0), secret, 0, &mut random);
        Self {
            replica: if observed {
                replica.observed()
            } else {
                replica
            },
            store: MemoryStore::new(MemoryMode::Manual),
            random,
            requests: 0,
        }
    }

    /// Writes values of one key in one burst, and names the batch.
    fn burst(&mut self, key: &StoredKey, values: &[&'static str]) -> Ticket {
        let mut effects = Vec::new();
        for value in values {
            self.requests += 1;
            let write = ClientWrite {
                request: RequestId::new(self.requests),
                context: Context::default(),
                value: Some((Bytes::from_static(value.as_bytes()), None)),
                siblings_max: 100,
                now: WallTime(0),
            };
            let command = command(key, Action::Write(Box::new(write)));
            let random = &mut self.random;
            self.replica
                .execute(command, &self.store, random, &mut effects);
        }
        self.replica.flush(&mut effects);
        let submitted = effects.into_iter().find_map(|effect| match effect {
            Effect::Submit(submission) => Some(submission.ticket),
            _ => None,
        });
        submitted.expect("one batch")
    }

    /// What is told when a batch is committed: how many values each record has, and whether all
    /// of it comes before the answers.
    fn committed(&mut self, ticket: Ticket) -> (Vec<usize>, bool) {
        let mut effects = Vec::new();
        let committed = Completion::Committed { ticket };
        self.replica
            .complete(committed, &mut self.random, &mut effects);
        let is_told = |effect: &Effect<()>| matches!(effect, Effect::Accepted { .. });
        let first = effects.is_sorted_by_key(|effect| !is_told(effect));
        let told = effects.iter().filter_map(|effect| match effect {
            Effect::Accepted { record, .. } => {
                let record = Record::decode(record).expect("a whole record");
                Some(record.siblings())
            }
            _ => None,
        });
        (told.collect(), first)
    }
}

#[test]
fn a_record_is_told_of_when_it_is_committed_and_before_the_answers() {
    let mut world = World::new(true);
    let (one, other) = (key(b"one"), key(b"other"));
    let first = world.burst(&one, &["a"]);
    let second = world.burst(&other, &["b", "c"]);
    assert_eq!(world.committed(first), (vec![1], true));
    assert_eq!(world.committed(second), (vec![2], true), "once a batch");
    assert_eq!(world.committed(second), (vec![], true), "and once in all");
}

#[test]
fn a_key_that_is_written_again_before_its_batch_is_committed_is_told_of_each_time() {
    let mut world = World::new(true);
    let hot = key(b"hot");
    let mut last = world.burst(&hot, &["first"]);
    for siblings in 1..20 {
        let next = world.burst(&hot, &["next"]);
        assert_eq!(world.committed(last).0, [siblings]);
        last = next;
    }
}

#[test]
fn nothing_is_told_where_nobody_observes() {
    let mut world = World::new(false);
    let ticket = world.burst(&key(b"one"), &["a"]);
    assert_eq!(world.committed(ticket).0, Vec::<usize>::new());
}
