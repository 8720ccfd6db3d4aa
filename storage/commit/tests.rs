//! The commit thread on a journal that notes what it is asked for, and fails when told to.

use std::sync::Mutex;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use bytes::Bytes;
use cartwheel::node::ShardId;
use cartwheel::store::{Batch, Completion, Family, StoreOperation, Ticket};

use super::*;

use Durability::{Buffered, Marked, Synced};

/// What happened, in order: `write 1 2`, `sync`, `shard 0: 1 2`, `shard 0: failed 3`.
#[derive(Clone, Default)]
struct Events(Arc<Mutex<Vec<String>>>);

impl Events {
    fn note(&self, event: String) {
        self.0.lock().unwrap().push(event);
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// Fails at the given operation, counted from one over all writes and syncs.
#[derive(Clone, Default)]
struct Noted {
    events: Events,
    fails_at: usize,
    done: Arc<Mutex<usize>>,
}

impl Noted {
    fn happen(&self, operation: StoreOperation, event: String) -> Result<(), StoreError> {
        self.events.note(event);
        let mut done = self.done.lock().unwrap();
        *done += 1;
        let cause = format!("failure {done}");
        match *done >= self.fails_at && self.fails_at > 0 {
            true => Err(StoreError { operation, cause }),
            false => Ok(()),
        }
    }
}

impl Journal for Noted {
    fn write<'a>(&self, batches: impl Iterator<Item = &'a Batch>) -> Result<(), StoreError> {
        let keys = batches.flat_map(Batch::entries).map(|entry| {
            let key = String::from_utf8(entry.key.to_vec()).unwrap();
            format!(" {key}")
        });
        let event = format!("write{}", keys.collect::<String>());
        self.happen(StoreOperation::Write, event)
    }

    fn sync(&self) -> Result<(), StoreError> {
        self.happen(StoreOperation::Sync, "sync".to_owned())
    }
}

struct Told {
    shard: u16,
    events: Events,
}

impl CompletionSink for Told {
    fn complete(&self, completions: Vec<Completion>) {
        let words = completions.iter().map(|completion| match completion {
            Completion::Committed { ticket } => format!(" {}", ticket.0),
            Completion::Failed { ticket, error } => format!(" {} {error};", ticket.0),
            Completion::Loaded { .. } | Completion::RangeLoaded { .. } => " loaded".to_owned(),
        });
        let words = words.collect::<String>();
        self.events.note(format!("shard {}:{words}", self.shard));
    }
}

struct Bench {
    journal: Noted,
    commands: SyncSender<Command>,
    committing: Committing<Noted>,
}

impl Bench {
    fn new(fails_at: usize) -> Self {
        let journal = Noted {
            fails_at,
            ..Noted::default()
        };
        let (commands, taken) = sync_channel(2 * ROUND_BATCHES_MAX);
        let health = Arc::default();
        let bug = PlantedBug::default();
        Self {
            committing: Committing::new(journal.clone(), health, taken, bug),
            journal,
            commands,
        }
    }

    /// Queues batches numbered from one, each of which writes its number.
    fn queue(&self, batches: &[(u16, Durability)]) {
        let sink = |shard| Told {
            shard,
            events: self.journal.events.clone(),
        };
        let sinks = [0, 1].map(|shard| Arc::new(sink(shard)) as Arc<dyn CompletionSink>);
        for (number, (shard, durability)) in (1..).zip(batches) {
            let sink = Arc::clone(&sinks[usize::from(*shard)]);
            let submission = submission(number, *shard, *durability);
            let command = Command::Commit(Queued { submission, sink });
            self.commands.send(command).unwrap();
        }
    }

    /// What happens to all that is queued when the store is closed behind it.
    fn closed(self) -> Vec<String> {
        self.commands.send(Command::Close).unwrap();
        self.committing.run();
        self.journal.events.all()
    }
}

fn submission(number: u64, shard: u16, durability: Durability) -> Submission {
    let mut batch = Batch::new();
    let key = Bytes::from(number.to_string());
    batch.put(Family::Objects, key, Bytes::new());
    Submission {
        shard: ShardId(shard),
        ticket: Ticket(number),
        batch,
        durability,
    }
}

#[test]
fn all_that_is_queued_shares_one_write_and_one_sync() {
    let bench = Bench::new(0);
    bench.queue(&[(0, Synced), (1, Synced), (0, Synced)]);
    let expected = ["write 1 2 3", "sync", "shard 0: 1 3", "shard 1: 2"];
    assert_eq!(bench.closed(), expected);
}

#[test]
fn who_needs_no_sync_does_not_wait_for_it() {
    let bench = Bench::new(0);
    bench.queue(&[(0, Buffered), (0, Synced), (0, Buffered), (1, Marked)]);
    let expected = [
        "write 1 2 3 4",
        "shard 0: 1",
        "shard 1: 4",
        "sync",
        "shard 0: 2 3",
    ];
    assert_eq!(bench.closed(), expected);
}

#[test]
fn a_buffered_batch_is_synced_only_when_the_store_closes() {
    let bench = Bench::new(0);
    bench.queue(&[(0, Buffered)]);
    assert_eq!(bench.closed(), ["write 1", "shard 0: 1", "sync"]);
}

#[test]
fn a_store_that_wrote_nothing_closes_without_a_sync() {
    assert_eq!(Bench::new(0).closed(), Vec::<String>::new());
}

#[test]
fn a_failed_write_fails_its_round_and_all_later_ones() {
    let bench = Bench::new(1);
    bench.queue(&vec![(0, Buffered); ROUND_BATCHES_MAX + 1]);
    let events = bench.closed();
    let [write, first, second] = &events[..] else {
        panic!("a failed store was asked for more: {events:?}");
    };
    assert!(write.starts_with("write 1 2 3"));
    assert!(first.ends_with(" 1024 the store failed to write: failure 1;"));
    assert_eq!(
        second,
        "shard 0: 1025 the store failed to write: failure 1;"
    );
}

#[test]
fn a_failed_sync_is_never_tried_again() {
    let bench = Bench::new(2);
    bench.queue(&[(0, Buffered), (0, Synced), (1, Marked)]);
    let expected = [
        "write 1 2 3",
        "shard 0: 1",
        "shard 1: 3",
        "sync",
        "shard 0: 2 the store failed to sync: failure 2;",
    ];
    assert_eq!(bench.closed(), expected);
}

#[test]
fn a_round_is_bounded_in_batches() {
    let bench = Bench::new(0);
    bench.queue(&vec![(0, Synced); ROUND_BATCHES_MAX + 1]);
    let events = bench.closed();
    let numbers = |event: &String| event.split(' ').count() - 1;
    assert_eq!(numbers(&events[0]), ROUND_BATCHES_MAX);
    assert_eq!(events[3], "write 1025");
}

#[test]
fn a_round_is_bounded_in_bytes() {
    let bench = Bench::new(0);
    let sink = Arc::new(Told {
        shard: 0,
        events: bench.journal.events.clone(),
    });
    for number in 1..=3 {
        let mut submission = submission(number, 0, Synced);
        let value = Bytes::from(vec![0; ROUND_BYTES_MAX / 2]);
        submission
            .batch
            .put(Family::Hints, Bytes::from("large"), value);
        let sink = Arc::clone(&sink) as Arc<dyn CompletionSink>;
        let command = Command::Commit(Queued { submission, sink });
        bench.commands.send(command).unwrap();
    }
    let events = bench.closed();
    assert_eq!(events[0], "write 1 large 2 large");
    assert_eq!(events[3], "write 3 large");
}

/// The sync that nobody waits for comes by itself. Nothing is closed before it has.
#[test]
fn a_marked_batch_is_synced_soon_though_nobody_waits() {
    let bench = Bench::new(0);
    bench.queue(&[(0, Marked)]);
    let (events, commands) = (bench.journal.events.clone(), bench.commands);
    let thread = thread::spawn(|| bench.committing.run());
    let deadline = Instant::now() + 200 * MARKED_SYNC_WITHIN;
    while events.all().len() < 3 && Instant::now() < deadline {
        thread::yield_now();
    }
    assert_eq!(events.all(), ["write 1", "shard 0: 1", "sync"]);
    commands.send(Command::Close).unwrap();
    thread.join().unwrap();
    assert_eq!(events.all().len(), 3, "what is synced is not synced again");
}

#[test]
fn a_marked_batch_is_synced_with_the_next_that_waits() {
    let bench = Bench::new(0);
    bench.queue(&[(0, Marked), (1, Synced)]);
    let expected = ["write 1 2", "shard 0: 1", "sync", "shard 1: 2"];
    assert_eq!(bench.closed(), expected);
}
