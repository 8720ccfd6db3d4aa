//! What flies between nodes, one item a message: batches only say how many there are.

use std::fmt;

use bytes::Bytes;
use cartwheel::message::client::RequestError;
use cartwheel::message::replica::{
    ForwardItem, OperationId, ReplicaAnswer, ReplicaError, ReplicaGetItem, ReplicaPutItem,
};
use cartwheel::node::NodeId;
use cartwheel::version::Record;

/// A message on its way.
#[derive(Clone)]
pub struct Message {
    pub from: NodeId,
    pub to: NodeId,
    pub body: Body,
}

/// What it says.
#[derive(Clone)]
pub enum Body {
    Put(ReplicaPutItem),
    Get(ReplicaGetItem),
    Forward(ForwardItem),
    Stored(OperationId, Result<(), ReplicaError>),
    Got(OperationId, ReplicaAnswer),
    Forwarded(OperationId, Result<Bytes, RequestError>),
}

impl Body {
    /// Answers go the way of their link: when it is down they are gone.
    pub fn is_reply(&self) -> bool {
        matches!(self, Self::Stored(..) | Self::Got(..) | Self::Forwarded(..))
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} to {}: {:?}", self.from, self.to, self.body)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Put(item) => write!(out, "put {} {}", id(item.operation), dots(&item.record)),
            Self::Get(item) => write!(out, "get {} {:?}", id(item.operation), item.digest),
            Self::Forward(item) => write!(out, "forward {}", id(item.operation)),
            Self::Stored(operation, outcome) => {
                write!(out, "stored {} {outcome:?}", id(*operation))
            }
            Self::Got(operation, ReplicaAnswer::Record(record)) => {
                write!(out, "got {} {}", id(*operation), dots(record))
            }
            Self::Got(operation, answer) => write!(out, "got {} {answer:?}", id(*operation)),
            Self::Forwarded(operation, outcome) => {
                write!(out, "forwarded {} {outcome:?}", id(*operation))
            }
        }
    }
}

fn id(id: OperationId) -> String {
    format!("#{}.{}.{}", id.start, id.slot, id.generation)
}

/// A record's values and history, short enough for a line.
fn dots(record: &Bytes) -> String {
    let record = Record::decode(record).unwrap_or_default();
    let live: Vec<_> = record
        .versions()
        .iter()
        .map(|version| (version.dot, &version.value))
        .collect();
    format!("{live:?} {:?}", record.history())
}
