//! What waits to be written to one connection.
//!
//! Anyone on any shard may push a frame; the connection's writer takes all that is there and
//! writes it with one call. A frame longer than a chunk is cut, and its pieces leave between
//! the other frames, so that a large record holds up no small one. What can be here is bounded
//! by the credits of those who push.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use cartwheel::limits::{CHUNK_LEN, CHUNK_STREAMS_MAX};
use cartwheel::message::Kind;
use cartwheel::message::frame::{Flags, Frame, HEADER_LEN};
use tokio::sync::Notify;

/// The kind of a frame that carries a piece of another.
pub const CHUNK_KIND: Kind = Kind(0);

/// The frames on their way to one connection.
#[derive(Debug)]
pub struct Outbox {
    cuts: bool,
    queue: Mutex<Queue>,
    ready: Notify,
    requests: AtomicU32,
    request_bytes: AtomicUsize,
    answered: Notify,
    unwritten: AtomicUsize,
    written: AtomicU64,
}

#[derive(Debug, Default)]
struct Queue {
    frames: BytesMut,
    cut: VecDeque<Cut>,
    cuts: u64,
    closed: bool,
}

/// A frame that leaves in pieces.
#[derive(Debug)]
struct Cut {
    stream: u64,
    rest: Bytes,
}

/// The connection is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the connection is closed")]
pub struct Closed;

impl Outbox {
    /// The outbox of a connection between nodes, whose long frames are cut.
    pub fn between_nodes() -> Self {
        Self::new(true)
    }

    /// The outbox of a client's connection, whose frames stay whole.
    pub fn to_client() -> Self {
        Self::new(false)
    }

    fn new(cuts: bool) -> Self {
        Self {
            cuts,
            queue: Mutex::default(),
            ready: Notify::new(),
            requests: AtomicU32::new(0),
            request_bytes: AtomicUsize::new(0),
            answered: Notify::new(),
            unwritten: AtomicUsize::new(0),
            written: AtomicU64::new(0),
        }
    }

    /// Queues a frame.
    pub fn push(&self, frame: &Frame) -> Result<(), Closed> {
        let mut queue = self.queue();
        if queue.closed {
            return Err(Closed);
        }
        if self.cuts && frame.body.len() > CHUNK_LEN {
            let mut whole = BytesMut::with_capacity(HEADER_LEN + frame.body.len());
            frame.encode(&mut whole);
            queue.cuts += 1;
            let (stream, rest) = (queue.cuts, whole.freeze());
            self.unwritten.fetch_add(rest.len(), Ordering::Relaxed);
            queue.cut.push_back(Cut { stream, rest });
        } else {
            let before = queue.frames.len();
            frame.encode(&mut queue.frames);
            let len = queue.frames.len() - before;
            self.unwritten.fetch_add(len, Ordering::Relaxed);
        }
        drop(queue);
        self.ready.notify_one();
        Ok(())
    }

    /// Waits until there is something to write, and takes it; nothing once it is closed and
    /// empty.
    pub async fn take(&self) -> Option<Bytes> {
        loop {
            if let Some(bytes) = self.take_now() {
                return Some(bytes);
            }
            if self.queue().closed {
                return None;
            }
            self.ready.notified().await;
        }
    }

    fn take_now(&self) -> Option<Bytes> {
        let mut queue = self.queue();
        for _ in 0..queue.cut.len().min(CHUNK_STREAMS_MAX) {
            let Some(mut cut) = queue.cut.pop_front() else {
                break;
            };
            let piece = cut.rest.split_to(cut.rest.len().min(CHUNK_LEN));
            self.unwritten.fetch_add(HEADER_LEN, Ordering::Relaxed);
            chunk(cut.stream, piece, cut.rest.is_empty()).encode(&mut queue.frames);
            if !cut.rest.is_empty() {
                // Back in front of those that have not begun: no more streams than the
                // receiver takes are ever interleaved.
                queue.cut.push_front(cut);
                let begun = queue.cut.len().min(CHUNK_STREAMS_MAX);
                queue.cut.make_contiguous()[..begun].rotate_left(1);
            }
        }
        (!queue.frames.is_empty()).then(|| queue.frames.split().freeze())
    }

    /// Counts bytes that were taken as written.
    pub fn wrote(&self, bytes: usize) {
        self.unwritten.fetch_sub(bytes, Ordering::Relaxed);
        self.written.fetch_add(bytes as u64, Ordering::Relaxed);
        self.answered.notify_one();
    }

    /// Bytes that wait for the other side to read.
    pub fn unwritten(&self) -> usize {
        self.unwritten.load(Ordering::Relaxed)
    }

    /// Bytes written since the beginning.
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Takes no more; what is queued may still be written.
    pub fn close(&self) {
        self.queue().closed = true;
        self.ready.notify_one();
        self.answered.notify_one();
    }

    /// Whether it takes no more.
    pub fn is_closed(&self) -> bool {
        self.queue().closed
    }

    /// Counts a request that came in on the connection.
    pub fn request_came(&self, bytes: usize) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.request_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts a request as answered.
    pub fn request_answered(&self, bytes: usize) {
        self.requests.fetch_sub(1, Ordering::Relaxed);
        self.request_bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.answered.notify_one();
    }

    /// Requests that came in and are not answered, and their bytes.
    pub fn requests_under_way(&self) -> (u32, usize) {
        let requests = self.requests.load(Ordering::Relaxed);
        (requests, self.request_bytes.load(Ordering::Relaxed))
    }

    /// Waits until some request is answered.
    pub async fn some_answered(&self) {
        self.answered.notified().await;
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn chunk(stream: u64, body: Bytes, last: bool) -> Frame {
    Frame {
        kind: CHUNK_KIND,
        flags: if last {
            Flags::LAST_CHUNK
        } else {
            Flags::CHUNK
        },
        call: stream,
        remaining_ms: 0,
        body,
    }
}
