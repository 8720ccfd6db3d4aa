//! The settings as the node uses them: one struct a section, the names as in the file.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::hex;
use crate::node::{ClusterId, NodeId};
use crate::version::ContextSecret;

/// Everything a node is told before it starts.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Who this process is.
    pub node: NodeSection,
    /// Whom it works with.
    pub cluster: ClusterSection,
    /// How the hash space is cut.
    pub ring: RingSection,
    /// Where it listens.
    pub listen: ListenSection,
    /// How it runs requests.
    pub coordination: CoordinationSection,
    /// How it talks to other nodes.
    pub links: LinksSection,
    /// How it keeps records.
    pub storage: StorageSection,
    /// How it stamps versions.
    pub lww: LwwSection,
    /// How often its actors may fail.
    pub supervision: SupervisionSection,
    /// What its extensions are told, by their names: each knows its own settings.
    pub extensions: BTreeMap<String, toml::Table>,
}

/// Who this process is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeSection {
    /// Which member it is.
    pub id: NodeId,
    /// Where the records lie.
    pub data_dir: String,
    /// How many shards; 0 means one per core.
    pub shards: u16,
}

/// Whom the node works with.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterSection {
    /// The name of the cluster.
    #[serde(deserialize_with = "hex::cluster_id")]
    pub id: ClusterId,
    /// The key that seals contexts.
    #[serde(deserialize_with = "hex::secret")]
    pub secret: ContextSecret,
    /// Every node, this one included.
    pub members: Vec<Member>,
}

/// One node of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Its id.
    pub id: NodeId,
    /// Where clients connect, host:port.
    pub client: String,
    /// Where other nodes connect, host:port.
    pub bridge: String,
}

/// How the hash space is cut.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RingSection {
    /// The number of partitions, a power of two.
    pub partitions: u32,
}

impl RingSection {
    /// The number of leading bits of a key's hash that name its partition.
    pub fn partition_bits(&self) -> u8 {
        // At most 31, since it counts zeros of 32 bits behind a one.
        u8::try_from(self.partitions.trailing_zeros()).unwrap_or(0)
    }
}

/// Where the node listens; empty addresses mean those of its member entry.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListenSection {
    /// For clients; see [`Config::client_address`].
    pub client: String,
    /// For nodes; see [`Config::bridge_address`].
    pub bridge: String,
    /// Whether addresses other than loopback are taken.
    pub insecure: bool,
}

/// How the node runs requests.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoordinationSection {
    /// The deadline of a request without one of its own.
    pub request_timeout_ms: u32,
    /// Whom a read asks first.
    pub read_fanout: ReadFanout,
    /// The least wait before a slow owner is backed by another.
    pub hedge_min_ms: u32,
    /// The greatest such wait.
    pub hedge_max_ms: u32,
    /// The time between two sweeps of the deadlines.
    pub sweep_ms: u32,
}

/// Whom a read asks first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReadFanout {
    /// As many owners as it needs, and another when one is slow.
    Quorum,
    /// Every owner.
    All,
}

/// How the node talks to other nodes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinksSection {
    /// When an attempt to connect is given up.
    pub connect_timeout_ms: u32,
    /// When a silent link with something outstanding counts as broken.
    pub idle_timeout_ms: u32,
    /// The wait before the first attempt to connect again.
    pub reconnect_min_ms: u32,
    /// The greatest such wait.
    pub reconnect_max_ms: u32,
}

/// How the node keeps records.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StorageSection {
    /// Which store.
    pub kind: StorageKind,
    /// Bytes of whole records kept in memory for reads and writes, over all shards.
    pub record_cache_bytes: u64,
    /// Bytes of records and indexes kept in memory for reads.
    pub block_cache_bytes: u64,
    /// Bytes of fresh writes in memory before they go to a sorted file.
    pub memtable_bytes: u64,
}

/// Which store keeps the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StorageKind {
    /// The one that survives.
    Rocksdb,
    /// The one that is gone at the end.
    Memory,
}

/// How the node stamps versions of last-writer-wins buckets.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LwwSection {
    /// How far the clock may be off.
    pub max_offset_ms: u32,
}

/// How often an actor may fail before the process gives up, and an extension before it ends.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SupervisionSection {
    /// Restarts of one actor within the window.
    pub restarts_max: u32,
    /// The window.
    pub restart_window_ms: u32,
    /// Restarts of one extension within its window.
    pub extension_restarts_max: u32,
    /// Its window.
    pub extension_window_ms: u32,
}
