//! The readers: a few threads that wait for the disk so that no shard has to.

use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use cartwheel::limits::LOADS_MAX;
use cartwheel::store::{CompletionSink, Delivery, Family, Range, StoreError, Ticket};

use crate::engine::Engine;
use crate::health::Health;

/// Two reads at a time: a slow one does not hold up the others, and two cores have no use
/// for more threads.
pub(crate) const READERS: usize = 2;

/// What may be queued before a shard has to wait: what 32 shards may have asked for, and a range.
pub(crate) const READ_QUEUE_MAX: usize = 32 * LOADS_MAX + 1;

/// What a reader is told.
pub(crate) enum Request {
    Load(Load),
    /// One reader ends.
    Close,
}

/// What is to be read, and who is to be told of it.
pub(crate) struct Load {
    pub(crate) ticket: Ticket,
    pub(crate) what: Wanted,
    pub(crate) sink: Arc<dyn CompletionSink>,
}

/// What is to be read.
pub(crate) enum Wanted {
    Value(Family, Bytes),
    Range(Range),
}

impl Load {
    fn read(self, usable: Result<(), StoreError>, engine: &Engine) {
        let Self { ticket, what, sink } = self;
        let delivery = match what {
            Wanted::Value(family, key) => {
                let value = usable.and_then(|()| engine.get(family, &key));
                Delivery::of_load(sink, ticket, value)
            }
            Wanted::Range(range) => {
                let read = usable.and_then(|()| engine.range(&range));
                Delivery::of_range(sink, ticket, read)
            }
        };
        delivery.deliver();
    }

    pub(crate) fn fail(self, error: StoreError) {
        let Self { ticket, what, sink } = self;
        let delivery = match what {
            Wanted::Value(..) => Delivery::of_load(sink, ticket, Err(error)),
            Wanted::Range(_) => Delivery::of_range(sink, ticket, Err(error)),
        };
        delivery.deliver();
    }
}

/// One of the readers, which share their queue.
pub(crate) struct Reader {
    pub(crate) engine: Arc<Engine>,
    pub(crate) health: Arc<Health>,
    pub(crate) requests: Arc<Mutex<Receiver<Request>>>,
}

impl Reader {
    /// Reads until it is told to close, or nobody is left who could ask.
    pub(crate) fn run(self) {
        while let Some(load) = self.next() {
            load.read(self.health.check(), &self.engine);
        }
    }

    /// The reader that waits has the lock, and the others wait for it.
    fn next(&self) -> Option<Load> {
        let requests = self.requests.lock();
        let requests = requests.unwrap_or_else(PoisonError::into_inner);
        match requests.recv() {
            Ok(Request::Load(load)) => Some(load),
            Ok(Request::Close) | Err(_) => None,
        }
    }
}
