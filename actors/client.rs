//! Whoever waits for the answer to a request, and how it gets there.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::{BufMut, Bytes, BytesMut};
use cartwheel::limits::{CLIENT_FRAME_LEN_MAX, CONTEXT_LEN_MAX};
use cartwheel::message::Kind;
use cartwheel::message::Message;
use cartwheel::message::client::{Delete, DeleteBatch, GetBatch, Put, PutBatch, RequestError};
use cartwheel::message::encode;
use cartwheel::message::replica::{Forward, Forwarded, ForwardedItem, OperationId};
use cartwheel::node::NodeId;
use cartwheel::planted_bug::{self, PlantedBug};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::bridge::inbound::answer;
use crate::coordinator::restarted;
use crate::departures::packed;
use crate::outbox::Outbox;

/// A request that wants exactly one answer. Dropped without one, it answers that the shard
/// was restarted: no request ends in silence.
#[derive(Debug)]
pub struct Client {
    node: NodeId,
    target: Option<Target>,
}

#[derive(Debug)]
enum Target {
    Session {
        outbox: Arc<Outbox>,
        kind: Kind,
        call: u64,
        bytes: usize,
    },
    Item {
        batch: Arc<Batch>,
        at: usize,
    },
    Peer {
        outbox: Arc<Outbox>,
        kind: Kind,
        operation: OperationId,
    },
    /// With the credit, which comes back when the request is over, whoever waits.
    Extension(
        oneshot::Sender<Result<Bytes, RequestError>>,
        OwnedSemaphorePermit,
    ),
}

impl Client {
    /// A request of a client's connection, which holds so many bytes.
    pub fn session(node: NodeId, outbox: Arc<Outbox>, kind: Kind, call: u64, bytes: usize) -> Self {
        let target = Some(Target::Session {
            outbox,
            kind,
            call,
            bytes,
        });
        Self { node, target }
    }

    /// One item of a client's batch.
    pub fn item(node: NodeId, batch: Arc<Batch>, at: usize) -> Self {
        let target = Some(Target::Item { batch, at });
        Self { node, target }
    }

    /// A request that another node has forwarded.
    pub fn peer(node: NodeId, outbox: Arc<Outbox>, kind: Kind, operation: OperationId) -> Self {
        let target = Some(Target::Peer {
            outbox,
            kind,
            operation,
        });
        Self { node, target }
    }

    /// A request of an extension of this node.
    pub fn extension(
        node: NodeId,
        answer: oneshot::Sender<Result<Bytes, RequestError>>,
        credit: OwnedSemaphorePermit,
    ) -> Self {
        let target = Some(Target::Extension(answer, credit));
        Self { node, target }
    }

    /// Whether it is a batch of reads.
    fn reads(&self) -> bool {
        matches!(&self.target, Some(Target::Session { kind, .. }) if *kind == GetBatch::KIND)
    }

    /// Whether it has so much to read that it gets nothing large any more.
    fn is_full(&self) -> bool {
        matches!(&self.target, Some(Target::Session { outbox, .. }) if outbox.is_full())
    }

    /// Answers.
    pub fn answer(mut self, outcome: Result<Bytes, RequestError>) {
        if let Some(target) = self.target.take() {
            target.answer(outcome);
        }
    }

    /// Answers, what is for a peer with the rest of the burst.
    pub fn answer_in(mut self, burst: &mut ForwardedBurst, outcome: Result<Bytes, RequestError>) {
        match self.target.take() {
            Some(Target::Peer {
                outbox,
                kind,
                operation,
            }) => {
                let outcome = fitting(&outbox, kind, outcome);
                burst.push(outbox, ForwardedItem { operation, outcome });
            }
            Some(target) => target.answer(outcome),
            None => {}
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if let Some(target) = self.target.take() {
            target.answer(restarted(self.node));
        }
    }
}

impl Target {
    fn answer(self, outcome: Result<Bytes, RequestError>) {
        match self {
            Self::Session {
                outbox,
                kind,
                call,
                bytes,
            } => {
                let outcome = fitting(&outbox, kind, outcome);
                // A client that is gone needs no answer, but its credits are counted.
                let _ = outbox.push(&answer(kind, call, outcome));
                outbox.request_answered(bytes);
            }
            Self::Item { batch, at } => batch.answer(at, outcome),
            Self::Extension(answer, credit) => {
                // Before the answer: with it the extension may ask again.
                drop(credit);
                // Whoever asked may have stopped waiting.
                let _ = answer.send(outcome);
            }
            Self::Peer {
                outbox,
                kind,
                operation,
            } => {
                let outcome = fitting(&outbox, kind, outcome);
                leave(&outbox, vec![ForwardedItem { operation, outcome }]);
            }
        }
    }
}

/// The answers of a burst to requests that peers have forwarded: one frame a connection, as
/// far as it stays small.
#[derive(Debug, Default)]
pub struct ForwardedBurst {
    peers: Vec<(Arc<Outbox>, Vec<ForwardedItem>)>,
}

impl ForwardedBurst {
    fn push(&mut self, outbox: Arc<Outbox>, item: ForwardedItem) {
        let known = |(known, _): &&mut (Arc<Outbox>, _)| Arc::ptr_eq(known, &outbox);
        match self.peers.iter_mut().find(known) {
            Some((_, items)) => items.push(item),
            None => self.peers.push((outbox, vec![item])),
        }
    }

    /// Sends everything.
    pub fn leave(&mut self) {
        for (outbox, items) in self.peers.drain(..) {
            for items in packed(items, answer_len) {
                leave(&outbox, items);
            }
        }
    }
}

/// A coordinator that dies in the middle of a burst still tells what it had decided.
impl Drop for ForwardedBurst {
    fn drop(&mut self) {
        self.leave();
    }
}

fn leave(outbox: &Outbox, items: Vec<ForwardedItem>) {
    let body = encode(&Forwarded { items });
    // A peer that is gone needs no answer.
    let _ = outbox.push(&answer(Forward::KIND, 0, Ok(body)));
}

/// A refusal with values is as long as a read.
fn answer_len(item: &ForwardedItem) -> usize {
    match &item.outcome {
        Ok(body) => body.len(),
        Err(error) => error.values_len(),
    }
}

/// Who does not read its answers, client or peer, gets no more large ones until it does. What was
/// written is never called overloaded, however long its answer is: many contexts make a long
/// one, too.
fn fitting(
    outbox: &Outbox,
    kind: Kind,
    outcome: Result<Bytes, RequestError>,
) -> Result<Bytes, RequestError> {
    let large = match &outcome {
        Ok(_) if writes(kind) => false,
        Ok(body) => body.len() > CONTEXT_LEN_MAX * 2,
        Err(error) => error.values_len() > CONTEXT_LEN_MAX * 2,
    };
    match large && outbox.is_full() {
        true => Err(RequestError::Overloaded {
            retry_after_ms: RETRY_AFTER_MS,
        }),
        false => outcome,
    }
}

fn writes(kind: Kind) -> bool {
    matches!(
        kind,
        Put::KIND | Delete::KIND | PutBatch::KIND | DeleteBatch::KIND
    )
}

/// How long a client that does not read is asked to wait.
const RETRY_AFTER_MS: u32 = 50;

/// The answers to a client's batch, until all are there.
#[derive(Debug)]
pub struct Batch {
    gathered: Mutex<Gathered>,
}

#[derive(Debug)]
struct Gathered {
    outcomes: Vec<Option<Result<Bytes, RequestError>>>,
    missing: usize,
    /// Whether the items are reads.
    reads: bool,
    bytes: usize,
    whole: Option<Client>,
}

impl Gathered {
    /// What no longer fits beside the others is to be asked for in another batch; the first
    /// always fits, so that each batch brings at least one answer. What was written is always
    /// said: only what a read shows, and an error with values, which wrote nothing, can go.
    fn fitting(&mut self, outcome: Result<Bytes, RequestError>) -> Result<Bytes, RequestError> {
        let bytes = match &outcome {
            Ok(reply) if self.reads => reply.len(),
            Ok(_) => 0,
            Err(error) => error.values_len(),
        };
        let (len, limit) = (self.bytes + bytes, CLIENT_FRAME_LEN_MAX);
        // A batch of writes is answered in any case: what is large in it goes here.
        let full = outcome.is_err() && self.whole.as_ref().is_some_and(Client::is_full);
        if bytes > 0 && (full || self.bytes > 0 && len > limit as usize) {
            let (len, limit) = (len as u64, u64::from(limit));
            return Err(RequestError::AnswerTooLarge { len, limit });
        }
        self.bytes = len;
        outcome
    }
}

impl Batch {
    /// A batch of so many items; `whole` is answered when all of them are.
    pub fn new(items: usize, whole: Client) -> Arc<Self> {
        let mut outcomes = Vec::with_capacity(items);
        outcomes.resize_with(items, || None);
        let batch = Self {
            gathered: Mutex::new(Gathered {
                outcomes,
                missing: items,
                reads: whole.reads(),
                bytes: 0,
                whole: Some(whole),
            }),
        };
        batch.finish();
        Arc::new(batch)
    }

    fn answer(&self, at: usize, outcome: Result<Bytes, RequestError>) {
        {
            let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
            let outcome = gathered.fitting(outcome);
            let at = match planted_bug::is(PlantedBug::AnswerABatchAsItComes) {
                true => gathered.outcomes.len() - gathered.missing,
                false => at,
            };
            gathered.outcomes[at] = Some(outcome);
            gathered.missing -= 1;
        }
        self.finish();
    }

    fn finish(&self) {
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        if gathered.missing > 0 {
            return;
        }
        let outcomes: Vec<_> = gathered.outcomes.iter().flatten().collect();
        let body = joined(&outcomes);
        if let Some(whole) = gathered.whole.take() {
            whole.answer(Ok(body));
        }
    }
}

/// The body of `Outcomes`, from bodies that are encoded already: an array of one field, the
/// array of the items, each a map of one entry, `Ok` or `Err`.
fn joined(outcomes: &[&Result<Bytes, RequestError>]) -> Bytes {
    let mut body = BytesMut::new();
    body.put_u8(0x91);
    array_len(&mut body, outcomes.len());
    for outcome in outcomes {
        body.put_u8(0x81);
        match outcome {
            Ok(reply) => {
                body.put_slice(b"\xa2Ok");
                body.put_slice(reply);
            }
            Err(error) => {
                body.put_slice(b"\xa3Err");
                body.put_slice(&encode(error));
            }
        }
    }
    body.freeze()
}

fn array_len(body: &mut BytesMut, len: usize) {
    match u16::try_from(len) {
        Ok(len @ 0..16) => body.put_u8(0x90 | len as u8),
        Ok(len) => {
            body.put_u8(0xdc);
            body.put_u16(len);
        }
        Err(_) => {
            body.put_u8(0xdd);
            body.put_u32(u32::try_from(len).unwrap_or(u32::MAX));
        }
    }
}

#[cfg(test)]
mod tests;
