//! A client's request as a coordinator takes it.

use bytes::Bytes;

use crate::message::Kind;
use crate::message::client::{Delete, Get, Put, RequestError};
use crate::message::{Message, decode};
use crate::node::NodeId;
use crate::time::Moment;

/// What a client wants of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Read it.
    Get(Get),
    /// Write it.
    Put(Put),
    /// Delete from it.
    Delete(Delete),
}

/// A request with what surrounds it.
#[derive(Clone, Debug)]
pub struct ClientRequest<C> {
    /// Who gets the answer: the shell knows how to reach it.
    pub client: C,
    /// What is wanted.
    pub demand: Demand,
    /// When the client stops waiting.
    pub deadline: Moment,
    /// The node that took the request, where it was another: it is not forwarded again.
    pub forwarded_by: Option<NodeId>,
}

/// The frame that a request came in, for forwarding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCall {
    /// The kind of the frame.
    pub kind: Kind,
    /// Its body.
    pub body: Bytes,
}

impl Demand {
    /// Reads a request of a client.
    pub fn decode(kind: Kind, body: &[u8]) -> Result<Self, RequestError> {
        let demand = match kind {
            Get::KIND => decode(kind, body).map(Self::Get),
            Put::KIND => decode(kind, body).map(Self::Put),
            Delete::KIND => decode(kind, body).map(Self::Delete),
            Kind(kind) => return Err(RequestError::UnknownKind { kind }),
        };
        demand.map_err(|error| RequestError::Malformed {
            kind: kind.0,
            cause: error.cause,
        })
    }

    /// The request as a frame's kind and body.
    pub fn call(&self) -> ClientCall {
        let (kind, body) = match self {
            Self::Get(get) => (Get::KIND, crate::message::encode(get)),
            Self::Put(put) => (Put::KIND, crate::message::encode(put)),
            Self::Delete(delete) => (Delete::KIND, crate::message::encode(delete)),
        };
        ClientCall { kind, body }
    }

    /// The bucket's name.
    pub fn bucket(&self) -> &str {
        match self {
            Self::Get(get) => &get.bucket,
            Self::Put(put) => &put.bucket,
            Self::Delete(delete) => &delete.bucket,
        }
    }

    /// The key.
    pub fn key(&self) -> &Bytes {
        match self {
            Self::Get(get) => &get.key,
            Self::Put(put) => &put.key,
            Self::Delete(delete) => &delete.key,
        }
    }

    /// The bytes that the request holds while it is under way.
    pub fn len(&self) -> usize {
        let context_and_value = match self {
            Self::Get(get) => get.context.len(),
            Self::Put(put) => put.context.len() + put.value.len(),
            Self::Delete(delete) => delete.context.len(),
        };
        context_and_value + self.key().len()
    }

    /// Whether the request holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
