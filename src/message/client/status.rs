//! What a node tells of itself and of the ring.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::node::{NodeId, StoreId};

/// Asks a node how it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status;

/// How a node is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusDescription {
    /// The node.
    pub node: NodeId,
    /// Its store.
    pub store: StoreId,
    /// The version of the program.
    pub version: String,
    /// The cluster, in hex.
    pub cluster: String,
    /// The layout's epoch.
    pub epoch: u64,
    /// The process.
    pub process_id: u32,
    /// User and system time of the whole process, in microseconds.
    pub cpu_us: u64,
    /// The file system under the data.
    pub file_system: String,
    /// One line a shard.
    pub shards: Vec<ShardStatus>,
    /// One line a peer.
    pub peers: Vec<PeerStatus>,
    /// One line an extension.
    pub extensions: Vec<ExtensionStatus>,
}

/// How a shard is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardStatus {
    /// The shard.
    pub shard: u16,
    /// Requests under way.
    pub operations: u64,
    /// Records in memory that wait for the committer.
    pub unwritten: u64,
    /// The origin that mints its dots, in hex.
    pub origin: String,
    /// How often an actor of the shard was restarted.
    pub restarts: u64,
    /// Requests answered since the start.
    pub answered: u64,
    /// Requests refused with `Overloaded`.
    pub overloaded: u64,
    /// Records whose checksum was wrong.
    pub corrupt: u64,
}

/// How a peer looks from here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerStatus {
    /// The peer.
    pub node: NodeId,
    /// Its address for nodes.
    pub bridge: String,
    /// How many of the links to it are up.
    pub links_up: u16,
    /// How many there are.
    pub links: u16,
    /// Replica requests under way to it.
    pub in_flight: u64,
}

/// How an extension is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtensionStatus {
    /// Its name.
    pub name: String,
    /// How often it has begun again since the node started.
    pub restarts: u64,
    /// What it shows of itself, or why it does not.
    pub state: ExtensionState,
}

/// What an extension shows of itself, or why it does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExtensionState {
    /// Names and values, by name.
    Shown(Vec<(String, String)>),
    /// It did not answer in time.
    Silent,
    /// It has failed, and begins again after this time.
    Resting {
        /// How long it rests in all.
        delay_ms: u64,
        /// What it failed of.
        cause: String,
    },
    /// It has failed too often, and begins no more while the node lives.
    Ended {
        /// What it failed of.
        cause: String,
    },
}

/// Asks for members and ownership.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ring;

/// Members and ownership.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RingDescription {
    /// The layout's epoch.
    pub epoch: u64,
    /// The number of partitions.
    pub partitions: u32,
    /// The members, by id.
    pub members: Vec<MemberDescription>,
    /// The owners of each partition, in order of preference.
    pub owners: Vec<Vec<NodeId>>,
}

/// One member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberDescription {
    /// The node.
    pub node: NodeId,
    /// Its address for clients.
    pub client: String,
    /// Its address for nodes.
    pub bridge: String,
}

/// Asks where a key lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Locate {
    /// The bucket's name.
    pub bucket: String,
    /// The key.
    pub key: Bytes,
}

/// Where a key lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Located {
    /// The hash of bucket id and key.
    pub hash: u64,
    /// The partition.
    pub partition: u16,
    /// The owners in order of preference.
    pub owners: Vec<MemberDescription>,
}
