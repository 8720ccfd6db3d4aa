//! What a coordinator wants done.

use bytes::Bytes;

use crate::message::client::RequestError;
use crate::message::replica::{ForwardItem, OperationId, ReplicaGetItem, ReplicaPutItem};
use crate::node::NodeId;
use crate::replica::ClientWrite;
use crate::ring::Target;
use crate::store::Durability;
use crate::version::Digest;

/// One thing to do. `C` is a client that waits.
#[derive(Clone, Debug)]
pub enum Effect<C> {
    /// Give work to this shard's own replica.
    Local(Box<LocalCommand>),
    /// Send a record to another owner.
    Put(NodeId, ReplicaPutItem),
    /// Ask another owner for its record.
    Get(NodeId, ReplicaGetItem),
    /// Let another node coordinate.
    Forward(NodeId, ForwardItem),
    /// Answer a client: the body of the reply, or the error.
    Answer(C, Result<Bytes, RequestError>),
}

/// Work for the coordinator's own replica.
#[derive(Clone, Debug)]
pub struct LocalCommand {
    /// The operation it belongs to.
    pub operation: OperationId,
    /// The record.
    pub target: Target,
    /// What the answer waits for.
    pub durability: Durability,
    /// What to do.
    pub work: LocalWork,
}

/// What the own replica can be asked.
#[derive(Clone, Debug)]
pub enum LocalWork {
    /// Take the client's write.
    Write(Box<ClientWrite>),
    /// Join a merged record.
    Merge(Bytes),
    /// Join what enough other owners have, in place of a corrupt record too.
    Repair(Bytes),
    /// Read.
    Read(Option<Digest>),
}
