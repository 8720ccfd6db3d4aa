//! The first frame of every connection and its answer.

use serde::{Deserialize, Serialize};

use crate::node::{NodeId, OpeningId, StoreId};

/// Says who speaks; nothing else is answered before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The cluster that is meant; a client may leave it open.
    #[serde(with = "serde_bytes")]
    pub cluster: Option<Vec<u8>>,
    /// Who it is.
    pub speaker: Speaker,
    /// Reserved for authentication; empty today.
    #[serde(with = "serde_bytes")]
    pub credentials: Vec<u8>,
}

/// Who opened a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Speaker {
    /// A client, by the name it gives itself: for logs, at most 255 bytes.
    Client(String),
    /// A node of the cluster.
    Node {
        /// Its id.
        node: NodeId,
        /// Its store.
        store: StoreId,
        /// Its life: two live openings of one node id are told apart by it.
        opening: OpeningId,
        /// Where it serves nodes, for the message that tells of two openings.
        address: String,
        /// Which of its links to this peer it is.
        lane: u16,
    },
}

/// The answer to [`Hello`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The cluster.
    #[serde(with = "serde_bytes")]
    pub cluster: Vec<u8>,
    /// The node that answers.
    pub node: NodeId,
    /// Its store.
    pub store: StoreId,
    /// Its life.
    pub opening: OpeningId,
    /// How many requests it takes on this connection before it stops reading.
    pub credits: u32,
    /// The longest frame it takes.
    pub frame_limit: u32,
}
