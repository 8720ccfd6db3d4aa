//! The node as an extension's actor sees it.

use std::sync::Arc;

use cartwheel::bucket::Bucket;
use cartwheel::key::BucketId;
use cartwheel::node::NodeId;

use super::data::Data;
use super::store::ExtensionStore;
use crate::bridge::Peers;
use crate::ring::SharedRing;
use crate::shell::{Clock, EntropySource};

/// What an extension's actor gets of its node; cheap to clone, and kept for restarts.
#[derive(Clone)]
pub struct NodeHandle {
    pub(crate) node: NodeId,
    pub(crate) peers: Peers,
    pub(crate) ring: SharedRing,
    pub(crate) data: Data,
    pub(crate) store: ExtensionStore,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn EntropySource>,
}

impl NodeHandle {
    /// This node.
    pub fn id(&self) -> NodeId {
        self.node
    }

    /// Every node that can be asked, this one included; [`Peers::nodes`] are the others alone.
    pub fn peers(&self) -> &Peers {
        &self.peers
    }

    /// The keys of the cluster, to be read and written as by a client.
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// The extension's own data on this node: its column family.
    pub fn store(&self) -> &ExtensionStore {
        &self.store
    }

    /// The policy of a bucket, from the id that records carry.
    pub fn bucket(&self, id: BucketId) -> Option<Arc<Bucket>> {
        self.ring.current().bucket_of(id).cloned()
    }

    /// Time: in a simulation it is not the machine's.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Random numbers: in a simulation they come from its seed.
    pub fn entropy(&self) -> &Arc<dyn EntropySource> {
        &self.entropy
    }
}
