//! Everything behind the store's lock. Its methods return what is to be delivered once the
//! lock is released.

use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::sync::Arc;

use bytes::Bytes;

use super::disk::Disk;
use super::image::Image;
use super::{MemoryMode, MemoryOpenError};
use crate::node::ShardId;
use crate::planted_bug::{self, PlantedBug};
use crate::store::{
    Batch, CompletionSink, Delivery, Family, Identity, Peek, Range, Sinks, StoreError,
    StoreOperation, Submission, Ticket, Unfinished,
};

pub(super) struct State {
    mode: MemoryMode,
    disk: Disk,
    opening: Opening,
    cold: bool,
    planned: Vec<StoreOperation>,
}

/// What ends with the node.
#[derive(Default)]
struct Opening {
    sinks: Sinks,
    queue: VecDeque<Queued>,
    loads: VecDeque<(Load, Arc<dyn CompletionSink>)>,
    written: Unfinished,
    failure: Option<StoreError>,
}

struct Queued {
    submission: Submission,
    sink: Arc<dyn CompletionSink>,
}

pub(super) struct Load {
    pub(super) ticket: Ticket,
    pub(super) what: Wanted,
}

pub(super) enum Wanted {
    Value(Family, Bytes),
    Range(Range),
}

impl State {
    pub(super) fn new(mode: MemoryMode) -> Self {
        Self {
            mode,
            disk: Disk::default(),
            opening: Opening::default(),
            cold: false,
            planned: Vec::new(),
        }
    }

    pub(super) fn open(&mut self, wanted: Identity) -> Result<Identity, MemoryOpenError> {
        self.crash(usize::MAX);
        self.happen(StoreOperation::Open)?;
        let Some(found) = self.disk.current().get(Family::Meta, Identity::KEY) else {
            self.disk.write(identity(&wanted));
            self.disk.sync();
            return Ok(wanted);
        };
        let found = Identity::decode(&found)?;
        found.check(&wanted)?;
        Ok(found)
    }

    pub(super) fn attach(&mut self, shard: ShardId, sink: Arc<dyn CompletionSink>) {
        self.opening.sinks.attach(shard, sink);
    }

    pub(super) fn submit(&mut self, submission: Submission) -> Vec<Delivery> {
        let sink = self.opening.sinks.of(submission.shard);
        self.opening.queue.push_back(Queued { submission, sink });
        if self.mode == MemoryMode::Manual {
            return Vec::new();
        }
        let mut deliveries = self.write_queued();
        deliveries.extend(self.sync());
        deliveries
    }

    pub(super) fn queued(&self) -> usize {
        self.opening.queue.len()
    }

    pub(super) fn unsynced(&self) -> usize {
        self.disk.unsynced()
    }

    pub(super) fn write_queued(&mut self) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        for Queued { submission, sink } in mem::take(&mut self.opening.queue) {
            let written = self.write(submission.batch);
            if written.is_err() {
                // Those before it are written, and those that need no sync are told so.
                deliveries.extend(self.opening.written.after_write());
            }
            let (shard, ticket) = (submission.shard, submission.ticket);
            self.opening
                .written
                .add(shard, sink, ticket, submission.durability);
            if let Err(error) = written {
                deliveries.extend(self.opening.written.after_failure(&error));
            }
        }
        deliveries.extend(self.opening.written.after_write());
        deliveries
    }

    pub(super) fn sync(&mut self) -> Vec<Delivery> {
        if self.disk.unsynced() == 0 && self.opening.written.is_empty() {
            return Vec::new();
        }
        match self
            .usable()
            .and_then(|()| self.happen(StoreOperation::Sync))
        {
            Ok(()) => {
                if !planted_bug::is(PlantedBug::SkipTheSync) {
                    self.disk.sync();
                }
                self.opening.written.after_sync()
            }
            Err(error) => {
                self.fail(&error);
                self.opening.written.after_failure(&error)
            }
        }
    }

    pub(super) fn load(&mut self, shard: ShardId, load: Load) -> Vec<Delivery> {
        let sink = self.opening.sinks.of(shard);
        self.opening.loads.push_back((load, sink));
        match self.mode {
            MemoryMode::Immediate => self.read_queued(),
            MemoryMode::Manual => Vec::new(),
        }
    }

    pub(super) fn read_queued(&mut self) -> Vec<Delivery> {
        let loads = mem::take(&mut self.opening.loads);
        let answers = loads.into_iter().map(|(load, sink)| match &load.what {
            Wanted::Value(family, key) => {
                let value = self.read(|image| image.get(*family, key));
                Delivery::of_load(sink, load.ticket, value)
            }
            Wanted::Range(range) => {
                let read = self.read(|image| image.range(range));
                Delivery::of_range(sink, load.ticket, read)
            }
        });
        answers.collect()
    }

    pub(super) fn peek(&mut self, family: Family, key: &[u8]) -> Result<Peek, StoreError> {
        if self.cold {
            return self.usable().map(|()| Peek::NotInMemory);
        }
        let value = self.read(|image| image.get(family, key))?;
        Ok(value.map_or(Peek::Absent, Peek::Found))
    }

    pub(super) fn scan(
        &mut self,
        family: Family,
        from: &[u8],
        until: &[u8],
        limit: usize,
    ) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
        self.read(|image| image.scan(family, from, until).take(limit).collect())
    }

    pub(super) fn crash(&mut self, keep: usize) {
        self.opening = Opening::default();
        self.disk.crash(keep);
    }

    pub(super) fn fail_next(&mut self, operation: StoreOperation) {
        self.planned.push(operation);
    }

    pub(super) fn corrupt(&mut self, family: Family, key: &[u8], at: usize) -> bool {
        self.disk.corrupt(family, key, at)
    }

    pub(super) fn set_cold(&mut self, cold: bool) {
        self.cold = cold;
    }

    pub(super) fn snapshot(&self) -> Image {
        self.disk.current().clone()
    }

    pub(super) fn restore(&mut self, image: Image) {
        self.opening = Opening::default();
        self.disk = Disk::holding(image);
    }

    fn write(&mut self, batch: Batch) -> Result<(), StoreError> {
        self.usable()?;
        let outcome = self.happen(StoreOperation::Write);
        match &outcome {
            Ok(()) => self.disk.write(batch),
            Err(error) => self.fail(error),
        }
        outcome
    }

    fn read<T>(&mut self, look_up: impl Fn(&Image) -> T) -> Result<T, StoreError> {
        self.usable()?;
        self.happen(StoreOperation::Read)?;
        Ok(look_up(self.disk.current()))
    }

    fn usable(&self) -> Result<(), StoreError> {
        self.opening.failure.clone().map_or(Ok(()), Err)
    }

    fn fail(&mut self, error: &StoreError) {
        self.opening.failure.get_or_insert_with(|| error.clone());
    }

    /// Takes the failure that is planned for this operation, if one is.
    fn happen(&mut self, operation: StoreOperation) -> Result<(), StoreError> {
        let planned = self
            .planned
            .iter()
            .position(|planned| *planned == operation);
        let Some(at) = planned else {
            return Ok(());
        };
        self.planned.remove(at);
        let cause = "a failure on demand".to_owned();
        Err(StoreError { operation, cause })
    }
}

impl fmt::Debug for State {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("State")
            .field("mode", &self.mode)
            .field("disk", &self.disk)
            .field("queued", &self.opening.queue.len())
            .field("failure", &self.opening.failure)
            .finish_non_exhaustive()
    }
}

fn identity(identity: &Identity) -> Batch {
    let mut batch = Batch::new();
    let key = Bytes::from_static(Identity::KEY);
    batch.put(Family::Meta, key, identity.encode());
    batch
}
