//! The readers: a few threads that wait for the disk so that no shard has to.

use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use cartwheel::store::{CompletionSink, Delivery, Family, StoreError, Ticket};

use crate::engine::Engine;
use crate::health::Health;

/// Two reads at a time: a slow one does not hold up the others, and two cores have no use
/// for more threads.
pub(crate) const READERS: usize = 2;

/// What may be queued before a shard has to wait: far more than its credits allow.
pub(crate) const READ_QUEUE_MAX: usize = 4 * 1024;

/// What a reader is told.
pub(crate) enum Request {
    Load(Load),
    /// One reader ends.
    Close,
}

/// A value to be read, and who is to be told of it.
pub(crate) struct Load {
    pub(crate) ticket: Ticket,
    pub(crate) family: Family,
    pub(crate) key: Bytes,
    pub(crate) sink: Arc<dyn CompletionSink>,
}

impl Load {
    pub(crate) fn answer(self, value: Result<Option<Bytes>, StoreError>) {
        Delivery::of_load(self.sink, self.ticket, value).deliver();
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
            let usable = self.health.check();
            let value = usable.and_then(|()| self.engine.get(load.family, &load.key));
            load.answer(value);
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
