//! A shard as the contract plays it: it submits, and waits for what it is told.

use std::cell::Cell;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use bytes::Bytes;
use cartwheel::node::ShardId;
use cartwheel::store::{
    Batch, Completion, CompletionSink, Durability, Family, Peek, Range, RangeRead, Submission,
    Ticket,
};

use super::Subject;

/// How often a shard looks for what it waits for, and how long it waits in between: ten
/// seconds in all, which is long for a disk and short for a test that hangs.
const LOOKS: usize = 1000;
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// One life of a shard.
pub struct Shard<'a, S> {
    subject: &'a S,
    id: ShardId,
    heard: Arc<Heard>,
    tickets: Cell<u64>,
}

#[derive(Default)]
struct Heard {
    completions: Mutex<Vec<Completion>>,
    news: Condvar,
}

impl CompletionSink for Heard {
    fn complete(&self, completions: Vec<Completion>) {
        self.completions.lock().unwrap().extend(completions);
        self.news.notify_all();
    }
}

impl<'a, S: Subject> Shard<'a, S> {
    /// Attaches itself; its tickets begin at `first_ticket`.
    pub fn attach(subject: &'a S, number: u16, first_ticket: u64) -> Self {
        let id = ShardId(number);
        let heard = Arc::<Heard>::default();
        let sink = Arc::clone(&heard) as Arc<dyn CompletionSink>;
        subject.store().attach(id, sink);
        let tickets = Cell::new(first_ticket);
        Self {
            subject,
            id,
            heard,
            tickets,
        }
    }

    /// Submits without waiting.
    pub fn submit(&self, batch: Batch, durability: Durability) -> Ticket {
        let (shard, ticket) = (self.id, self.next_ticket());
        self.subject.store().submit(Submission {
            shard,
            ticket,
            batch,
            durability,
        });
        ticket
    }

    /// Submits a batch with one value without waiting.
    pub fn put(&self, key: &[u8], value: &[u8], durability: Durability) -> Ticket {
        let mut batch = Batch::new();
        let (key, value) = (Bytes::copy_from_slice(key), Bytes::copy_from_slice(value));
        batch.put(Family::Objects, key, value);
        self.submit(batch, durability)
    }

    /// Submits and waits until it is committed.
    pub fn commit(&self, batch: Batch, durability: Durability) {
        let ticket = self.submit(batch, durability);
        let last = self.wait_for_ticket(ticket);
        assert_eq!(last, Completion::Committed { ticket });
    }

    /// Reads as a replica does: from memory, and from disk if memory does not know.
    pub fn read(&self, family: Family, key: &[u8]) -> Option<Bytes> {
        match self.subject.store().peek(family, key).unwrap() {
            Peek::Found(value) => Some(value),
            Peek::Absent => None,
            Peek::NotInMemory => self.load(family, key),
        }
    }

    /// Reads from disk.
    pub fn load(&self, family: Family, key: &[u8]) -> Option<Bytes> {
        let ticket = self.start_load(family, key);
        match self.wait_for_ticket(ticket) {
            Completion::Loaded { value, .. } => value.unwrap(),
            other => panic!("a load was answered with {other:?}"),
        }
    }

    /// Asks the disk without waiting.
    pub fn start_load(&self, family: Family, key: &[u8]) -> Ticket {
        let ticket = self.next_ticket();
        let key = Bytes::copy_from_slice(key);
        self.subject.store().load(self.id, ticket, family, key);
        ticket
    }

    /// Reads a range from disk.
    pub fn load_range(&self, range: Range) -> RangeRead {
        let ticket = self.start_load_range(range);
        match self.wait_for_ticket(ticket) {
            Completion::RangeLoaded { read, .. } => read.unwrap(),
            other => panic!("a load of a range was answered with {other:?}"),
        }
    }

    /// Asks the disk for a range without waiting.
    pub fn start_load_range(&self, range: Range) -> Ticket {
        let ticket = self.next_ticket();
        self.subject.store().load_range(self.id, ticket, range);
        ticket
    }

    /// Waits for the completion of one submission or load.
    pub fn wait_for_ticket(&self, ticket: Ticket) -> Completion {
        let named = |completion: &&Completion| ticket_of(completion) == ticket;
        let heard = self.wait_until(|heard| heard.iter().any(|one| named(&one)));
        heard.iter().find(named).unwrap().clone()
    }

    /// Waits until the shard has heard of so many, and gives all of them.
    pub fn wait_for(&self, count: usize) -> Vec<Completion> {
        self.wait_until(|heard| heard.len() >= count)
    }

    /// Of how many it has heard so far, when nothing happens but what the test does.
    pub fn heard(&self) -> usize {
        self.heard.completions.lock().unwrap().len()
    }

    fn wait_until(&self, enough: impl Fn(&[Completion]) -> bool) -> Vec<Completion> {
        for _ in 0..LOOKS {
            self.subject.proceed();
            let heard = self.heard.completions.lock().unwrap();
            if enough(&heard) {
                return heard.clone();
            }
            drop(self.heard.news.wait_timeout(heard, BETWEEN_LOOKS).unwrap());
        }
        panic!("heard only {:?}", self.heard.completions.lock().unwrap());
    }

    fn next_ticket(&self) -> Ticket {
        Ticket(self.tickets.replace(self.tickets.get() + 1))
    }
}

/// What a completion completes.
pub fn ticket_of(completion: &Completion) -> Ticket {
    match completion {
        Completion::Committed { ticket }
        | Completion::Failed { ticket, .. }
        | Completion::Loaded { ticket, .. }
        | Completion::RangeLoaded { ticket, .. } => *ticket,
    }
}

/// Whether a submission failed.
pub fn is_failed(completion: &Completion) -> bool {
    matches!(completion, Completion::Failed { .. })
}

/// The key of a number, in the order of the numbers.
pub fn key(number: u64) -> Bytes {
    Bytes::from(format!("key-{number:08}"))
}
