//! How an answer came about: the coordinator's own account of one request.

use serde::{Deserialize, Serialize};

use crate::node::NodeId;
use crate::version::Dot;

/// The account of one request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explain {
    /// The node that coordinated.
    pub coordinator: NodeId,
    /// The node that took the request, where it was another.
    pub forwarded_by: Option<NodeId>,
    /// The key's partition.
    pub partition: u16,
    /// The layout's epoch.
    pub epoch: u64,
    /// The owners in order of preference.
    pub owners: Vec<NodeId>,
    /// How many owners had to answer.
    pub required: u8,
    /// What happened, in order.
    pub events: Vec<ExplainEvent>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainEvent {
    /// Microseconds since the coordinator took the request.
    pub at_us: u64,
    /// The node it happened with.
    pub node: NodeId,
    /// What happened.
    pub step: ExplainStep,
}

/// What can happen to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExplainStep {
    /// The replica was asked.
    Asked,
    /// The replica was asked because others were slow.
    Hedged,
    /// The replica's record is the same as the coordinator's.
    Same,
    /// The replica answered with these live dots.
    Answered(Vec<Dot>),
    /// The replica has no record.
    Absent,
    /// The replica lacked something the merged record has, or held something obsolete.
    Stale,
    /// The merged record was sent to the replica.
    Repaired,
    /// The replica stored the record, as durably as the bucket asks.
    Stored,
    /// The coordinator gave the write this dot.
    Minted(Dot),
    /// The write is a retry; its first attempt had this dot.
    AlreadyWritten(Dot),
    /// The replica failed, with the reason.
    Failed(String),
}
