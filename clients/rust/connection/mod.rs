//! One connection to one node: many requests under way, answered in any order.
//!
//! ```text
//!   call ──▶ credits ──▶ outbox ──▶ writer ══▶ node
//!     ▲                                          ║
//!     └── answer, by call id ◀── reader ◀════════╝       timer: expired calls, silent nodes
//! ```
//!
//! Reader, writer and timer are one task, the lane's. A caller queues its frame and waits; the
//! writer joins all that is queued into one write, the reader hands out all that one read
//! brought. What a connection holds is bounded: requests by the node's credits, bytes that
//! wait to be written by [`OUTBOX_LEN_MAX`].

mod calls;
mod open;
mod read;
mod run;
mod timer;
mod write;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use cartwheel::message::Kind;
use cartwheel::message::frame::{Frame, HEADER_LEN};
use tokio::sync::{Notify, Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

use crate::connection_error::ConnectionError;
use calls::{Calls, Entered, Lost};

pub(crate) use open::{Greeting, Opened};

/// The most bytes of requests that wait to be written: a frame of the greatest length that
/// nodes take, and some. More makes callers wait instead of memory grow.
const OUTBOX_LEN_MAX: usize = 12 * 1024 * 1024;

/// A connection whose node has welcomed us.
#[derive(Debug)]
pub(crate) struct Connection {
    endpoint: Arc<str>,
    /// The longest frame the node takes.
    frame_limit: u32,
    /// How many more requests may be under way.
    credits: Semaphore,
    /// How many more bytes may wait to be written.
    outbox_bytes: Semaphore,
    calls: Mutex<Calls>,
    /// The outbox is no longer empty.
    queued: Notify,
    /// The timer is set too late.
    rearmed: Notify,
}

/// Why a call has no answer.
#[derive(Debug)]
pub(crate) enum CallError {
    /// Its deadline passed.
    Expired {
        /// Whether it was queued for writing by then.
        sent: bool,
    },
    /// The connection ended.
    Broken {
        /// Why.
        cause: Arc<ConnectionError>,
        /// Whether the call was queued for writing by then.
        sent: bool,
    },
    /// The frame is longer than the node takes.
    TooLong {
        /// Its length.
        len: u64,
        /// The node's limit.
        limit: u64,
    },
}

impl Connection {
    /// Sends a request and waits for its answer, or for the deadline.
    pub(crate) async fn call(
        &self,
        kind: Kind,
        body: Bytes,
        deadline: Instant,
    ) -> Result<Frame, CallError> {
        let weight = self.weigh(&body)?;
        let _credit = self.acquire(&self.credits, 1, deadline).await?;
        let bytes = self.acquire(&self.outbox_bytes, weight, deadline).await?;
        let entered = self.enter(kind, body, deadline)?;
        // From here on the writer gives them back, once the frame is written.
        bytes.forget();
        self.wait(entered).await
    }

    /// The node that answers.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Whether calls are answered no longer; the lane may not know it yet.
    pub(crate) fn has_ended(&self) -> bool {
        self.credits.is_closed()
    }

    fn weigh(&self, body: &Bytes) -> Result<u32, CallError> {
        // The limit counts what follows the length.
        let len = (HEADER_LEN - 4 + body.len()) as u64;
        let limit = u64::from(self.frame_limit);
        if len > limit {
            return Err(CallError::TooLong { len, limit });
        }
        Ok(outbox_weight(body))
    }

    async fn acquire<'a>(
        &self,
        semaphore: &'a Semaphore,
        permits: u32,
        deadline: Instant,
    ) -> Result<SemaphorePermit<'a>, CallError> {
        if let Ok(permit) = semaphore.try_acquire_many(permits) {
            return Ok(permit);
        }
        match timeout_at(deadline, semaphore.acquire_many(permits)).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_closed)) => Err(self.broken_before_sending()),
            Err(_elapsed) => Err(CallError::Expired { sent: false }),
        }
    }

    fn broken_before_sending(&self) -> CallError {
        let cause = self.calls().ended().cloned();
        let endpoint = self.endpoint.to_string();
        let unread = 0;
        CallError::Broken {
            cause: cause.unwrap_or_else(|| Arc::new(ConnectionError::Closed { endpoint, unread })),
            sent: false,
        }
    }

    fn enter(&self, kind: Kind, body: Bytes, deadline: Instant) -> Result<Entered, CallError> {
        let now = Instant::now();
        if deadline <= now {
            return Err(CallError::Expired { sent: false });
        }
        let entered = self.calls().enter(kind, body, now, deadline);
        let entered = entered.map_err(|cause| CallError::Broken { cause, sent: false })?;
        if entered.wake_writer {
            self.queued.notify_one();
        }
        if entered.wake_timer {
            self.rearmed.notify_one();
        }
        Ok(entered)
    }

    async fn wait(&self, entered: Entered) -> Result<Frame, CallError> {
        let mut entry = Entry {
            connection: self,
            call: Some(entered.call),
        };
        let outcome = entered.answer.await;
        entry.call = None;
        match outcome {
            Ok(Ok(frame)) => Ok(frame),
            Ok(Err(Lost::Expired)) => Err(CallError::Expired { sent: true }),
            Ok(Err(Lost::Broken(cause))) => Err(CallError::Broken { cause, sent: true }),
            // The task of the connection is gone without a word: the client is being dropped.
            Err(_gone) => Err(CallError::Expired { sent: true }),
        }
    }

    /// Ends every call under way, and takes no more.
    fn end(&self, cause: &Arc<ConnectionError>) {
        self.calls().end(cause);
        self.credits.close();
        self.outbox_bytes.close();
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a frame takes of the outbox; a frame over the bound takes all of it, and goes alone.
fn outbox_weight(body: &Bytes) -> u32 {
    u32::try_from((HEADER_LEN + body.len()).min(OUTBOX_LEN_MAX)).unwrap_or(u32::MAX)
}

/// A caller that stops waiting takes its call out of the table.
struct Entry<'a> {
    connection: &'a Connection,
    call: Option<u64>,
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        if let Some(call) = self.call {
            self.connection.calls().forget(call);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cartwheel::message::hello::Welcome;
    use cartwheel::node::{NodeId, OpeningId, StoreId};
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_caller_that_stops_waiting_leaves_nothing_behind() {
        let welcome = Welcome {
            cluster: Vec::new(),
            node: NodeId(1),
            store: StoreId(1),
            opening: OpeningId(3),
            credits: 1,
            frame_limit: 100,
        };
        let connection = Connection::new(&"here".into(), welcome);
        for _ in 0..2 {
            let deadline = Instant::now() + Duration::from_secs(1);
            let call = connection.call(Kind(16), Bytes::new(), deadline);
            assert!(call.now_or_never().is_none(), "it waits, and is dropped");
            assert_eq!(connection.credits.available_permits(), 1);
            assert_eq!(connection.calls().under_way(), 0);
        }
    }
}
