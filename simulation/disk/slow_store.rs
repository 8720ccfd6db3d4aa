//! The store of a simulated node: the one in memory behind a disk that takes its time.
//!
//! Some keys are in memory and some are not, differently each time; a load takes a while, and
//! the one that was asked first is not always the first to come back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use cartwheel::node::ShardId;
use cartwheel::store::{
    Committer, CompletionSink, Delivery, Family, MemoryMode, MemoryStore, Peek, Range,
    ReplicaStore, Sinks, StoreError, StoreOperation, Submission, Ticket,
};

use tokio::sync::Notify;

use crate::dice::Dice;

/// Once in so many times a record is not in memory.
const PEEKS_PER_MISS: u64 = 2;

/// A load is answered after less than so many turns …
const TURNS_MAX: u64 = 6;

/// … and once in so many times after ten times as many.
const LOADS_PER_SLOW_ONE: u64 = 20;

/// A store whose reads wait for a disk.
pub struct SlowStore {
    memory: MemoryStore,
    state: Mutex<State>,
    /// Told of everything that is asked of the disk.
    asked: Notify,
}

struct State {
    sinks: Sinks,
    loads: Vec<Load>,
    /// The records that can't be read, and how often not.
    unreadable: BTreeMap<Bytes, u32>,
    /// How many reads of what extensions keep are still to fail.
    unreadable_data: u32,
    /// The records that were submitted since they were last taken.
    submitted: Vec<(Bytes, Bytes)>,
    turn: u64,
    dice: Dice,
    met: BTreeMap<&'static str, u64>,
}

struct Load {
    due: u64,
    sink: Arc<dyn CompletionSink>,
    ticket: Ticket,
    family: Family,
    key: Bytes,
}

impl SlowStore {
    /// An empty store.
    pub fn new(dice: Dice) -> Self {
        let state = State {
            sinks: Sinks::default(),
            loads: Vec::new(),
            unreadable: BTreeMap::new(),
            unreadable_data: 0,
            submitted: Vec::new(),
            turn: 0,
            dice,
            met: BTreeMap::new(),
        };
        Self {
            memory: MemoryStore::new(MemoryMode::Manual),
            state: Mutex::new(state),
            asked: Notify::new(),
        }
    }

    /// What is behind the disk.
    pub fn memory(&self) -> &MemoryStore {
        &self.memory
    }

    /// The next reads of a record fail.
    pub fn fail_reads(&self, key: &Bytes, times: u32) {
        self.state().unreadable.insert(key.clone(), times);
    }

    /// The next reads of what extensions keep fail.
    pub fn fail_data_reads(&self, times: u32) {
        self.state().unreadable_data = times;
    }

    /// Whether reads of a record are still to fail.
    pub fn is_unreadable(&self, key: &Bytes) -> bool {
        self.state().unreadable.contains_key(key)
    }

    /// From now on every record can be read.
    pub fn can_read_again(&self) {
        let mut state = self.state();
        state.unreadable.clear();
        state.unreadable_data = 0;
    }

    /// The records that were submitted since this was last called, by their stored keys.
    pub fn take_submitted(&self) -> Vec<(Bytes, Bytes)> {
        std::mem::take(&mut self.state().submitted)
    }

    /// What waited for the disk waits no longer.
    pub fn forget_loads(&self) {
        self.state().loads.clear();
    }

    /// How often something happened that must happen sometimes.
    pub fn met(&self) -> BTreeMap<&'static str, u64> {
        self.state().met.clone()
    }

    /// Waits until something is asked of the disk, if nothing is left to be done.
    pub async fn wait_for_work(&self) {
        let (queued, unsynced) = (self.memory.queued(), self.memory.unsynced());
        let loads = self.state().loads.len();
        if queued + unsynced + loads == 0 {
            self.asked.notified().await;
        }
    }

    /// Answers the loads whose time has come.
    pub fn turn(&self) {
        self.memory.read_queued();
        for load in self.due() {
            let value = self.read(load.family, &load.key);
            let value = value.map(|peek| match peek {
                Peek::Found(value) => Some(value),
                Peek::Absent | Peek::NotInMemory => None,
            });
            Delivery::of_load(load.sink, load.ticket, value).deliver();
        }
    }

    fn due(&self) -> Vec<Load> {
        let mut state = self.state();
        state.turn += 1;
        let turn = state.turn;
        let loads = std::mem::take(&mut state.loads);
        let (mut due, waiting): (Vec<_>, Vec<_>) =
            loads.into_iter().partition(|load| load.due <= turn);
        let overtaken = |load: &Load| due.iter().any(|due| due.ticket > load.ticket);
        if waiting.iter().any(overtaken) {
            state.meet("a load that overtook another");
        }
        state.loads = waiting;
        due.sort_by_key(|load| load.due);
        due
    }

    fn read(&self, family: Family, key: &Bytes) -> Result<Peek, StoreError> {
        self.state().read(family, key)?;
        self.memory.peek(family, key)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Fails if this read is to fail.
    fn read(&mut self, family: Family, key: &[u8]) -> Result<(), StoreError> {
        let times = match family {
            Family::Extension(_) => Some(&mut self.unreadable_data),
            _ => self.unreadable.get_mut(key),
        };
        let Some(times) = times.filter(|times| **times > 0) else {
            return Ok(());
        };
        *times -= 1;
        self.unreadable.retain(|_, times| *times > 0);
        self.meet("a read of the disk that failed");
        Err(StoreError {
            operation: StoreOperation::Read,
            cause: "a failure on demand".to_owned(),
        })
    }

    /// A record that makes a range fail, as it does on a real disk.
    fn unreadable_within(&mut self, range: &Range) -> Option<Bytes> {
        let within = |key: &&Bytes| **key >= range.from && **key < range.until;
        let objects = range.family == Family::Objects;
        let mut keys = self.unreadable.keys().filter(|_| objects);
        let key = keys.find(within).cloned()?;
        self.meet("a range of the disk that could not be read");
        Some(key)
    }

    fn meet(&mut self, what: &'static str) {
        *self.met.entry(what).or_default() += 1;
    }
}

impl Committer for SlowStore {
    fn attach(&self, shard: ShardId, sink: Arc<dyn CompletionSink>) {
        self.state().sinks.attach(shard, Arc::clone(&sink));
        self.memory.attach(shard, sink);
    }

    fn submit(&self, submission: Submission) {
        let records = submission.batch.entries().iter();
        let records = records.filter(|entry| entry.family == Family::Objects);
        let records = records.filter_map(|entry| Some((entry.key.clone(), entry.value.clone()?)));
        self.state().submitted.extend(records);
        self.memory.submit(submission);
        self.asked.notify_one();
    }
}

impl ReplicaStore for SlowStore {
    fn peek(&self, family: Family, key: &[u8]) -> Result<Peek, StoreError> {
        let mut state = self.state();
        if state.dice.one_in(PEEKS_PER_MISS) {
            state.meet("a record that was not in memory");
            return Ok(Peek::NotInMemory);
        }
        state.read(family, key)?;
        drop(state);
        self.memory.peek(family, key)
    }

    fn load(&self, shard: ShardId, ticket: Ticket, family: Family, key: Bytes) {
        let mut state = self.state();
        let slow = state.dice.one_in(LOADS_PER_SLOW_ONE);
        let turns = 1 + state.dice.below(TURNS_MAX) * if slow { 10 } else { 1 };
        let load = Load {
            due: state.turn + turns,
            sink: state.sinks.of(shard),
            ticket,
            family,
            key,
        };
        state.loads.push(load);
        self.asked.notify_one();
    }

    /// Ranges wait for the next turn only: nothing of a request hangs on them.
    fn load_range(&self, shard: ShardId, ticket: Ticket, range: Range) {
        let mut state = self.state();
        let key = state.unreadable_within(&range).unwrap_or_default();
        if let Err(error) = state.read(range.family, &key) {
            let delivery = Delivery::of_range(state.sinks.of(shard), ticket, Err(error));
            drop(state);
            return delivery.deliver();
        }
        drop(state);
        self.memory.load_range(shard, ticket, range);
        self.asked.notify_one();
    }

    fn scan(
        &self,
        family: Family,
        from: &[u8],
        until: &[u8],
        limit: usize,
    ) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
        self.memory.scan(family, from, until, limit)
    }
}
