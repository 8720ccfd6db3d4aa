//! Why a node does not start, or went no further.

use std::io;

use cartwheel::store::MemoryOpenError;
use cartwheel_actors::node::StartError;
use cartwheel_storage::OpenError;

/// Why a node does not start, or went no further.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The data can't be used.
    #[error("can't use the data directory: {0}")]
    Store(#[from] OpenError),
    /// The store in memory can't be used.
    #[error("can't use the store in memory: {0}")]
    Memory(#[from] MemoryOpenError),
    /// The node can't be built: a port in use, for example.
    #[error("can't start: {0}")]
    Start(#[from] StartError),
    /// The system refuses what the process needs.
    #[error("can't start: {0}")]
    System(#[from] io::Error),
    /// Something broke that a restart of an actor does not mend.
    #[error("{node} gave up: {cause}")]
    GaveUp { node: String, cause: String },
}

impl ServeError {
    /// What can be done about it.
    pub fn advice(&self) -> Option<&'static str> {
        let advice = match self {
            Self::Store(OpenError::AlreadyOpen { .. }) => {
                "Is this node running already? Each node needs a directory of its own: node.data_dir, or --data."
            }
            Self::Store(OpenError::BelongsToAnotherNode { .. }) => {
                "Start that node there, or give this one a directory of its own: node.data_dir, or --data."
            }
            Self::Store(OpenError::BelongsToAnotherCluster { .. }) => {
                "Use the cluster.id it was made with, or another directory: node.data_dir, or --data."
            }
            Self::Store(OpenError::LostSynced { .. }) => {
                "The disk is at fault: look after it, or after what was copied from it. If the other nodes are whole, start once with --accept-lost-writes, and read or export the keys, which repairs them."
            }
            Self::Start(StartError::Listen { error, .. })
                if error.kind() == io::ErrorKind::AddrInUse =>
            {
                "Another process has this port: end it, or choose another address in cluster.members."
            }
            _ => return None,
        };
        Some(advice)
    }
}
