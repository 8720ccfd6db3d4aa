//! What waits to be written to one connection.
//!
//! Anyone on any shard may push a frame; the connection's writer takes all that is there and
//! writes it with one call. A frame longer than a chunk is cut, and its pieces leave between
//! the other frames, so that a large record holds up no small one. What can be here is bounded
//! by the credits of those who push.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use cartwheel::limits::{CHUNK_LEN, CHUNK_STREAMS_MAX, MESSAGE_LEN_MAX, SESSION_ANSWER_BYTES_MAX};
use cartwheel::message::Kind;
use cartwheel::message::frame::{Flags, Frame, HEADER_LEN};
use tokio::sync::Notify;

use crate::unread::{Part, Unread};

/// The kind of a frame that carries a piece of another.
pub const CHUNK_KIND: Kind = Kind(0);

/// The frames on their way to one connection.
#[derive(Debug)]
pub struct Outbox {
    /// How many bytes of frames in pieces the other side joins; nothing: frames stay whole.
    joined_max: Option<usize>,
    /// For clients: their part in what all of them have not read.
    part: Option<Part>,
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
    /// How long it is with all its pieces.
    len: usize,
    rest: Bytes,
}

/// The connection is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the connection is closed")]
pub struct Closed;

impl Outbox {
    /// The outbox of a connection between nodes, whose long frames are cut.
    pub fn between_nodes() -> Self {
        Self::new(Some(MESSAGE_LEN_MAX), None)
    }

    /// The outbox of a client's connection, whose frames stay whole, on a node whose clients have
    /// so much to read.
    pub fn to_client(unread: &Arc<Unread>) -> Self {
        Self::new(None, Some(Part::of(unread)))
    }

    fn new(joined_max: Option<usize>, part: Option<Part>) -> Self {
        Self {
            joined_max,
            part,
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
        if self.joined_max.is_some() && frame.body.len() > CHUNK_LEN {
            let mut whole = BytesMut::with_capacity(HEADER_LEN + frame.body.len());
            frame.encode(&mut whole);
            queue.cuts += 1;
            let (stream, rest) = (queue.cuts, whole.freeze());
            let len = rest.len();
            self.unwritten.fetch_add(len, Ordering::Relaxed);
            queue.cut.push_back(Cut { stream, len, rest });
        } else {
            let before = queue.frames.len();
            frame.encode(&mut queue.frames);
            let len = queue.frames.len() - before;
            self.unwritten.fetch_add(len, Ordering::Relaxed);
        }
        self.recount(&queue);
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
        for _ in 0..self.begun(&queue) {
            let Some(mut cut) = queue.cut.pop_front() else {
                break;
            };
            let piece = cut.rest.split_to(cut.rest.len().min(CHUNK_LEN));
            self.unwritten.fetch_add(HEADER_LEN, Ordering::Relaxed);
            chunk(cut.stream, piece, cut.rest.is_empty()).encode(&mut queue.frames);
            if !cut.rest.is_empty() {
                // Back in front of those that have not begun: no more than the receiver takes
                // is ever interleaved.
                queue.cut.push_front(cut);
                let begun = self.begun(&queue);
                queue.cut.make_contiguous()[..begun].rotate_left(1);
            }
        }
        (!queue.frames.is_empty()).then(|| queue.frames.split().freeze())
    }

    /// How many frames leave interleaved: the first so many that the other side can hold them
    /// all, and one in any case. What has begun stays among them until it has left.
    fn begun(&self, queue: &Queue) -> usize {
        let (mut joined, max) = (0, self.joined_max.unwrap_or(0));
        let fits = |cut: &&Cut| {
            joined += cut.len;
            joined <= max
        };
        let begun = queue.cut.iter().take(CHUNK_STREAMS_MAX);
        begun.take_while(fits).count().max(queue.cut.len().min(1))
    }

    /// Counts bytes that were taken as written.
    pub fn wrote(&self, bytes: usize) {
        self.unwritten.fetch_sub(bytes, Ordering::Relaxed);
        self.written.fetch_add(bytes as u64, Ordering::Relaxed);
        if self.part.as_ref().is_some_and(Part::is_counted) {
            self.recount(&self.queue());
        }
        self.answered.notify_one();
    }

    /// Under the lock, so that the last word is the true one.
    fn recount(&self, _: &MutexGuard<'_, Queue>) {
        if let Some(part) = &self.part {
            part.update(self.unwritten());
        }
    }

    /// Whether the other side has so much to read that it gets nothing large any more.
    pub fn is_full(&self) -> bool {
        self.unwritten() > SESSION_ANSWER_BYTES_MAX || self.is_over_its_share()
    }

    /// Whether the clients of the node have too much to read, and this one has more of it than
    /// its share.
    pub fn is_over_its_share(&self) -> bool {
        self.part.as_ref().is_some_and(Part::is_full)
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

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;
    use crate::frame_reader::{FrameReader, ReadError};

    fn frame(call: u64, chunks: usize) -> Frame {
        Frame {
            kind: Kind(64),
            flags: Flags::REQUEST,
            call,
            remaining_ms: 0,
            body: Bytes::from(vec![call as u8; chunks * CHUNK_LEN]),
        }
    }

    /// What frames of so many chunks become between two ends that join so many at once.
    fn sent(
        lens: &[usize],
        outbox_joins: usize,
        reader_joins: usize,
    ) -> Result<Vec<u64>, ReadError> {
        let outbox = Outbox::new(Some(outbox_joins * CHUNK_LEN), None);
        for (call, chunks) in lens.iter().enumerate() {
            outbox.push(&frame(call as u64, *chunks)).unwrap();
        }
        let mut bytes = BytesMut::new();
        while let Some(some) = outbox.take_now() {
            bytes.extend_from_slice(&some);
        }
        let limit = 2 * CHUNK_LEN as u32;
        let mut reader = FrameReader::joining(&bytes[..], limit, reader_joins * CHUNK_LEN);
        let mut frames = Vec::new();
        while frames.len() < lens.len() {
            let mut some = Vec::new();
            block_on(reader.frames(&mut some))?;
            frames.extend(some);
        }
        for Frame { call, body, .. } in &frames {
            let chunks = lens[*call as usize];
            assert_eq!(body, &frame(*call, chunks).body, "call {call}");
        }
        Ok(frames.iter().map(|frame| frame.call).collect())
    }

    #[test]
    fn a_short_frame_overtakes_a_long_one() {
        assert_eq!(sent(&[9, 2], 20, 20).unwrap(), [1, 0]);
    }

    #[test]
    fn no_more_is_interleaved_than_the_other_side_joins() {
        let lens = [9, 9, 9, 2, 19, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3];
        let mut calls = sent(&lens, 20, 20).unwrap();
        calls.sort_unstable();
        assert_eq!(calls, (0..15).collect::<Vec<u64>>());
        let error = sent(&lens, 60, 20).unwrap_err();
        assert!(matches!(error, ReadError::Chunk { .. }), "{error}");
    }

    #[test]
    fn a_frame_that_is_longer_than_the_other_side_joins_leaves_alone() {
        assert_eq!(sent(&[30, 2], 20, 31).unwrap(), [0, 1]);
    }
}
