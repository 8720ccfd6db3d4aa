//! Who is told of what, and when: the order of completions, for every store the same.
//!
//! ```text
//!   add ──► [ buffered, buffered, synced, buffered, … ]      one line per shard and sink
//!            └─ after_write ────┘└─ after_sync ───────┘
//! ```
//!
//! A batch that waits for a sync holds back those behind it: a shard hears of its batches in
//! the order of their submission, whatever their durability. Shards don't hold each other back.

use std::collections::VecDeque;
use std::ptr;
use std::sync::Arc;

use super::{Completion, CompletionSink, Durability, RangeRead, StoreError, Ticket};
use crate::node::ShardId;

/// The batches that are queued or written and not yet told of.
#[derive(Default)]
pub struct Unfinished {
    lines: Vec<Line>,
}

struct Line {
    shard: ShardId,
    sink: Arc<dyn CompletionSink>,
    waiting: VecDeque<(Ticket, Durability)>,
}

/// Completions on their way to one sink; call [`Delivery::deliver`] when no lock is held.
#[must_use = "a shard waits for what is not delivered"]
pub struct Delivery {
    sink: Arc<dyn CompletionSink>,
    completions: Vec<Completion>,
}

impl Unfinished {
    /// Notes a batch that was submitted behind all that were added before.
    pub fn add(
        &mut self,
        shard: ShardId,
        sink: Arc<dyn CompletionSink>,
        ticket: Ticket,
        durability: Durability,
    ) {
        let entry = (ticket, durability);
        let line = self.lines.iter_mut().find(|line| line.is(shard, &sink));
        match line {
            Some(line) => line.waiting.push_back(entry),
            None => self.lines.push(Line::new(shard, sink, entry)),
        }
    }

    /// Everything added so far is written: who may be told before a sync.
    pub fn after_write(&mut self) -> Vec<Delivery> {
        self.take(Line::up_to_the_first_synced, committed)
    }

    /// Everything added so far is written and synced.
    pub fn after_sync(&mut self) -> Vec<Delivery> {
        self.take(Line::all, committed)
    }

    /// Nothing added so far will be called committed any more.
    pub fn after_failure(&mut self, error: &StoreError) -> Vec<Delivery> {
        let failed = |ticket| Completion::Failed {
            ticket,
            error: error.clone(),
        };
        self.take(Line::all, failed)
    }

    /// Whether everyone was told of everything.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    fn take(
        &mut self,
        how_many: impl Fn(&Line) -> usize,
        completion: impl Fn(Ticket) -> Completion,
    ) -> Vec<Delivery> {
        let taken = self.lines.iter_mut().filter_map(|line| {
            let count = how_many(line);
            let tickets = line.waiting.drain(..count).map(|(ticket, _)| ticket);
            let completions = tickets.map(&completion).collect::<Vec<_>>();
            let sink = Arc::clone(&line.sink);
            (count > 0).then_some(Delivery { sink, completions })
        });
        let deliveries = taken.collect();
        self.lines.retain(|line| !line.waiting.is_empty());
        deliveries
    }
}

impl Line {
    fn new(shard: ShardId, sink: Arc<dyn CompletionSink>, first: (Ticket, Durability)) -> Self {
        let waiting = VecDeque::from([first]);
        Self {
            shard,
            sink,
            waiting,
        }
    }

    /// A shard that was attached again has a line for each of its lives.
    fn is(&self, shard: ShardId, sink: &Arc<dyn CompletionSink>) -> bool {
        self.shard == shard && ptr::addr_eq(Arc::as_ptr(&self.sink), Arc::as_ptr(sink))
    }

    fn up_to_the_first_synced(&self) -> usize {
        let needs_sync = |(_, durability): &(Ticket, Durability)| *durability == Durability::Synced;
        let first = self.waiting.iter().position(needs_sync);
        first.unwrap_or(self.waiting.len())
    }

    fn all(&self) -> usize {
        self.waiting.len()
    }
}

impl Delivery {
    /// One load that has ended.
    pub fn of_load(
        sink: Arc<dyn CompletionSink>,
        ticket: Ticket,
        value: Result<Option<bytes::Bytes>, StoreError>,
    ) -> Self {
        let completions = vec![Completion::Loaded { ticket, value }];
        Self { sink, completions }
    }

    /// One load of a range that has ended.
    pub fn of_range(
        sink: Arc<dyn CompletionSink>,
        ticket: Ticket,
        read: Result<RangeRead, StoreError>,
    ) -> Self {
        let completions = vec![Completion::RangeLoaded { ticket, read }];
        Self { sink, completions }
    }

    /// Hands the completions over, in one call.
    pub fn deliver(self) {
        self.sink.complete(self.completions);
    }
}

fn committed(ticket: Ticket) -> Completion {
    Completion::Committed { ticket }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::store::StoreOperation;

    #[derive(Default)]
    struct Calls(Mutex<Vec<Vec<Completion>>>);

    impl CompletionSink for Calls {
        fn complete(&self, completions: Vec<Completion>) {
            self.0.lock().unwrap().push(completions);
        }
    }

    impl Calls {
        fn tickets(&self) -> Vec<Vec<u64>> {
            let ticket = |completion: &Completion| match completion {
                Completion::Committed { ticket } => ticket.0,
                other => panic!("{other:?}"),
            };
            let calls = self.0.lock().unwrap();
            let numbers = |call: &Vec<Completion>| call.iter().map(ticket).collect();
            calls.iter().map(numbers).collect()
        }
    }

    fn deliver(deliveries: Vec<Delivery>) {
        deliveries.into_iter().for_each(Delivery::deliver);
    }

    fn add(to: &mut Unfinished, shard: u16, sink: &Arc<Calls>, durabilities: &[Durability]) {
        for (number, durability) in (0..).zip(durabilities) {
            let sink = Arc::clone(sink) as Arc<dyn CompletionSink>;
            to.add(ShardId(shard), sink, Ticket(number), *durability);
        }
    }

    use Durability::{Buffered, Marked, Synced};

    #[test]
    fn a_buffered_batch_does_not_overtake_a_synced_one_of_its_shard() {
        let (mut unfinished, sink) = (Unfinished::default(), Arc::default());
        add(
            &mut unfinished,
            0,
            &sink,
            &[Buffered, Marked, Synced, Buffered],
        );
        deliver(unfinished.after_write());
        assert_eq!(sink.tickets(), [vec![0, 1]]);
        deliver(unfinished.after_sync());
        assert_eq!(sink.tickets(), [vec![0, 1], vec![2, 3]]);
        assert!(unfinished.is_empty());
    }

    #[test]
    fn a_shard_is_not_held_back_by_another() {
        let mut unfinished = Unfinished::default();
        let (first, second) = (Arc::default(), Arc::default());
        add(&mut unfinished, 0, &first, &[Synced]);
        add(&mut unfinished, 1, &second, &[Buffered]);
        deliver(unfinished.after_write());
        assert_eq!(first.tickets(), Vec::<Vec<u64>>::new());
        assert_eq!(second.tickets(), [vec![0]]);
    }

    #[test]
    fn each_life_of_a_shard_hears_of_its_own_batches() {
        let mut unfinished = Unfinished::default();
        let (earlier, later) = (Arc::default(), Arc::default());
        add(&mut unfinished, 0, &earlier, &[Synced, Synced]);
        add(&mut unfinished, 0, &later, &[Buffered]);
        deliver(unfinished.after_sync());
        assert_eq!(earlier.tickets(), [vec![0, 1]]);
        assert_eq!(later.tickets(), [vec![0]]);
    }

    #[test]
    fn a_failure_reaches_everything_that_waits() {
        let (mut unfinished, sink) = (Unfinished::default(), Arc::<Calls>::default());
        add(&mut unfinished, 0, &sink, &[Synced]);
        let operation = StoreOperation::Sync;
        let cause = "input/output error".to_owned();
        let error = StoreError { operation, cause };
        deliver(unfinished.after_failure(&error));
        let ticket = Ticket(0);
        let failed = vec![Completion::Failed { ticket, error }];
        assert_eq!(*sink.0.lock().unwrap(), [failed]);
    }
}
