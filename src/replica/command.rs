//! What a replica is asked, and what it answers.

use bytes::Bytes;

use crate::message::client::RequestError;
use crate::message::replica::{OperationId, ReplicaAnswer, ReplicaError};
use crate::store::{Durability, StoredKey, Submission, Ticket};
use crate::time::WallTime;
use crate::version::{Attributes, ConflictRule, Context, Digest, Dot, RequestId};

/// One thing to do with one key. `A` is who asked: the shell knows how to reach it.
#[derive(Clone, Debug)]
pub struct Command<A> {
    /// Who gets the answer.
    pub asker: A,
    /// Which of its operations it belongs to.
    pub operation: OperationId,
    /// The record.
    pub key: StoredKey,
    /// The bucket's conflict rule.
    pub rule: ConflictRule,
    /// What an answer has to wait for.
    pub durability: Durability,
    /// What to do.
    pub action: Action,
}

/// What to do with a key.
#[derive(Clone, Debug)]
pub enum Action {
    /// Take a client's write: mint its dot and queue the record.
    Write(Box<ClientWrite>),
    /// Join another store's record; refused where the own one is corrupt.
    Merge(Bytes),
    /// Join what enough other owners have, which also takes the place of a corrupt record.
    Repair(Bytes),
    /// Answer the record, or `Same` if its digest is this.
    Read(Option<Digest>),
}

impl Action {
    /// What to do with a record that came from another node.
    pub fn of_put(record: Bytes, repair: bool) -> Self {
        match repair {
            true => Self::Repair(record),
            false => Self::Merge(record),
        }
    }
}

/// A put or delete, as its coordinator's own replica takes it.
#[derive(Clone, Debug)]
pub struct ClientWrite {
    /// The client's name for the write.
    pub request: RequestId,
    /// What the client has seen.
    pub context: Context,
    /// The value, or nothing: a delete.
    pub value: Option<(Bytes, Option<Box<Attributes>>)>,
    /// The most siblings it may leave.
    pub siblings_max: u32,
    /// The wall clock, for last-writer-wins stamps.
    pub now: WallTime,
}

/// What a replica wants done.
#[derive(Clone, Debug)]
pub enum Effect<A> {
    /// Commit a batch.
    Submit(Submission),
    /// Read a record from disk.
    Load {
        /// Comes back with the record.
        ticket: Ticket,
        /// The record.
        key: StoredKey,
    },
    /// A record is as durable as its bucket wants; only where somebody observes.
    Accepted {
        /// The key.
        key: StoredKey,
        /// The whole record.
        record: Bytes,
    },
    /// Answer a command.
    Answer {
        /// Who asked.
        asker: A,
        /// Which of its operations.
        operation: OperationId,
        /// The answer.
        reply: ReplicaReply,
    },
}

/// What a replica answers. A write is answered twice: `Prepared`, then `Stored`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplicaReply {
    /// The write has its dot; the record may leave for the other owners.
    Prepared(Box<Prepared>),
    /// The client's write can't be taken; nothing was changed.
    Refused(Box<RequestError>),
    /// The record is as durable as asked.
    Stored,
    /// The record was read.
    Got(ReplicaAnswer),
    /// It was not done, and counts for nothing.
    Failed(ReplicaError),
}

/// A write that is queued here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// The whole encoded record.
    pub record: Bytes,
    /// The dot of the write; a delete of a siblings bucket has none.
    pub dot: Option<Dot>,
    /// What the client has seen now.
    pub context: Context,
    /// Whether the dot was minted by an earlier attempt of the same request.
    pub repeated: bool,
}
