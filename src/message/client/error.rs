//! Why a request was not done: data with its numbers, never text to be parsed.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::Sibling;
use crate::listing::CursorError;
use crate::message::Kind;
use crate::node::NodeId;
use crate::version::ContextError;

/// The body of an error frame, and the error of a batch's item.
///
/// `OwnersDown` and all that stand before it in the list promise that nothing was written
/// *because of this answer*; `QuorumUnreachable`, `TimedOut` and `StoreFailed` leave the
/// outcome open: the value may be stored on some owners, and a retry with the same request
/// id is safe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum RequestError {
    /// The frame's kind is not in the table, or is not for clients.
    #[error("kind {} is not answered here", Kind(*kind))]
    UnknownKind {
        /// The kind that came.
        kind: u16,
    },
    /// The body is not what its kind says.
    #[error("malformed request of kind {}: {cause}", Kind(*kind))]
    Malformed {
        /// The kind of the frame.
        kind: u16,
        /// What the decoder found.
        cause: String,
    },
    /// A frame that breaks the protocol; the connection is closed behind it.
    #[error("the stream is closed: {cause}")]
    BadFrame {
        /// What is wrong, with its numbers.
        cause: String,
    },
    /// The first frame was no `Hello`, or a second one came.
    #[error("the first frame must be Hello, and only the first")]
    HelloExpected,
    /// The client means another cluster.
    #[error("this is cluster {found}, not {wanted}")]
    WrongCluster {
        /// The cluster that was asked for, in hex.
        wanted: String,
        /// The cluster that answers, in hex.
        found: String,
    },
    /// No bucket of that name.
    #[error("there is no bucket named {name:?}")]
    UnknownBucket {
        /// The name that was asked for.
        name: String,
    },
    /// The key is over the bucket's limit, or empty.
    #[error("a key of {len} bytes is outside the limits of 1 to {limit}")]
    KeyLength {
        /// The key's length.
        len: u64,
        /// The bucket's limit.
        limit: u64,
    },
    /// The value is over the bucket's limit.
    #[error("a value of {len} bytes is over the limit of {limit}")]
    ValueTooLarge {
        /// The value's length.
        len: u64,
        /// The bucket's limit.
        limit: u64,
    },
    /// Content type and metadata are over the limit.
    #[error("attributes of {len} bytes are over the limit of {limit}")]
    AttributesTooLarge {
        /// Their length together.
        len: u64,
        /// The limit.
        limit: u64,
    },
    /// A batch with more items than are taken at once.
    #[error("a batch of {items} items is over the limit of {limit}")]
    BatchTooLong {
        /// How many came.
        items: u64,
        /// How many are taken.
        limit: u64,
    },
    /// The answer would not fit a frame: a batch that asks for too much at once.
    #[error("an answer of {len} bytes is over the limit of {limit}: ask for less at once")]
    AnswerTooLarge {
        /// How long the answer would be with this item.
        len: u64,
        /// How long it may be.
        limit: u64,
    },
    /// What a node would have to ask another one fits no message between them.
    #[error("a question of {len} bytes to another node is over the limit of {limit}")]
    QuestionTooLarge {
        /// The question's length.
        len: u64,
        /// How long it may be.
        limit: u64,
    },
    /// Quorum numbers that can't be met with the bucket's n.
    #[error("{name} = {wanted} is outside 1 to {n}")]
    BadQuorum {
        /// Which number.
        name: String,
        /// What was asked for.
        wanted: u8,
        /// The bucket's n.
        n: u8,
    },
    /// The context was not made by this cluster for this key.
    #[error("bad context: {0}")]
    BadContext(#[from] ContextError),
    /// The cursor is not what a listing of this bucket has answered.
    #[error("bad cursor: {0}")]
    BadCursor(#[from] CursorError),
    /// A delete, or a put to an existing key of a bucket that refuses conflicts, came
    /// without a context.
    #[error("a context is required: read the key first")]
    ContextRequired,
    /// A put would take the record over its limits; the siblings are here to be resolved.
    #[error(
        "the record would have {siblings} siblings and {bytes} bytes, over {siblings_max} or {bytes_max}"
    )]
    TooManySiblings {
        /// How many there would be.
        siblings: u64,
        /// How many there may be.
        siblings_max: u64,
        /// How many bytes there would be.
        bytes: u64,
        /// How many there may be.
        bytes_max: u64,
        /// The siblings there are, or as many of them as fit an answer.
        values: Vec<Sibling>,
        /// Covers those that are here: a put with it replaces them.
        context: Bytes,
    },
    /// Merging has made a record that does not fit an answer; some of it is here to be resolved.
    #[error(
        "{siblings} siblings of {bytes} bytes are over the {bytes_max} of an answer: {} of them are here to be resolved",
        .values.len()
    )]
    RecordTooLarge {
        /// How many there are.
        siblings: u64,
        /// How many bytes they have.
        bytes: u64,
        /// How many bytes an answer may have.
        bytes_max: u64,
        /// Those that fit.
        values: Vec<Sibling>,
        /// Covers those that are here, and none of the others.
        context: Bytes,
    },
    /// Too much is under way; nothing was started.
    #[error("overloaded: try again in {retry_after_ms} ms")]
    Overloaded {
        /// When to try again.
        retry_after_ms: u32,
    },
    /// The clock is too far off for this node to stamp last-writer-wins versions.
    #[error("this node's clock is {offset_ms} ms off, over the limit of {limit_ms}")]
    ClockOff {
        /// How far.
        offset_ms: u64,
        /// How far it may be.
        limit_ms: u64,
    },
    /// The node does not serve yet, or no longer.
    #[error("{node} is not serving: {cause}")]
    NotServing {
        /// The node.
        node: NodeId,
        /// What it waits for.
        cause: String,
    },
    /// Another live process has the node's id, and answers at the address of the member.
    #[error(
        "{node} is open twice: it serves at {serving}, and {refused} is refused; stop one of them, and give a new node an id of its own"
    )]
    SecondOpening {
        /// The node.
        node: NodeId,
        /// Where the one that is let in serves nodes.
        serving: String,
        /// Where the one that is refused says that it does.
        refused: String,
    },
    /// The replica could not take part; nothing was stored there.
    #[error("{node} did not store the record")]
    NotStored {
        /// The node.
        node: NodeId,
    },
    /// Too few owners are up; nothing was sent to any.
    #[error("quorum unreachable: {required} required, and {up} of {owners} owners are up")]
    OwnersDown {
        /// How many are needed.
        required: u8,
        /// How many are up, the coordinator among them.
        up: u8,
        /// How many there are.
        owners: u8,
    },
    /// Too few of the owners that were asked can answer.
    #[error(
        "quorum unreachable: {required} required, {acknowledged} acknowledged, {failed} failed"
    )]
    QuorumUnreachable {
        /// How many were needed.
        required: u8,
        /// How many acknowledged.
        acknowledged: u8,
        /// How many failed.
        failed: u8,
    },
    /// The deadline passed first.
    #[error("timed out after {waited_ms} ms: {required} required, {acknowledged} acknowledged")]
    TimedOut {
        /// How many were needed.
        required: u8,
        /// How many acknowledged.
        acknowledged: u8,
        /// How long the request had.
        waited_ms: u32,
    },
    /// No quorum of owners has seen all that the context has.
    #[error("{asked} owners answered, and together they have not seen all that the context covers")]
    NotCaughtUp {
        /// How many were asked.
        asked: u8,
    },
    /// The store of the coordinator has failed.
    #[error("the store of {node} failed: {cause}")]
    StoreFailed {
        /// The node.
        node: NodeId,
        /// What the store said.
        cause: String,
    },
    /// The record's checksum is wrong on the coordinator and no owner could replace it.
    #[error("the record is corrupt on {node}")]
    Corrupt {
        /// The node.
        node: NodeId,
    },
    /// A bucket of that name exists with another policy.
    #[error("a bucket named {name:?} exists already")]
    BucketExists {
        /// The name.
        name: String,
    },
    /// A bucket policy that can't work.
    #[error("bad bucket policy: {cause}")]
    BadBucket {
        /// What is wrong, with its numbers.
        cause: String,
    },
    /// Something that needs every member found some away.
    #[error("needs every member, but {} did not answer", names(.missing))]
    MembersMissing {
        /// The members that did not answer.
        missing: Vec<NodeId>,
    },
    /// The part of the node that held the request was restarted.
    #[error("{node} restarted the shard that held the request")]
    Restarted {
        /// The node.
        node: NodeId,
    },
    /// An extension has failed over the question, or was restarted before its answer.
    #[error("extension {extension} of {node} lost the question: it failed, and begins again")]
    QuestionLost {
        /// The node.
        node: NodeId,
        /// The extension.
        extension: String,
    },
}

impl RequestError {
    /// The bytes of the values that it carries: few errors carry any, and those are large.
    pub fn values_len(&self) -> usize {
        let (Self::TooManySiblings { values, .. } | Self::RecordTooLarge { values, .. }) = self
        else {
            return 0;
        };
        values.iter().map(|sibling| sibling.value.len()).sum()
    }
}

fn names(nodes: &[NodeId]) -> String {
    let names: Vec<String> = nodes.iter().map(ToString::to_string).collect();
    names.join(", ")
}
