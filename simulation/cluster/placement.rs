//! Where the keys of a run are kept: the clusters that there are, and who owns what in them.

use std::sync::Arc;

use bytes::Bytes;
use cartwheel::bucket::Bucket;
use cartwheel::layout::{Layout, Member};
use cartwheel::node::NodeId;
use cartwheel::ring::{Ring, Target};
use cartwheel::store::StoredKey;

/// How many owners a key of `default` has in a cluster of so many nodes.
pub fn owners(nodes: u64) -> u8 {
    u8::try_from(nodes.min(3)).unwrap_or(3)
}

/// What the harness knows of the ring, by itself.
pub struct Placement {
    ring: Ring,
}

impl Placement {
    /// The ring of so many nodes, and of 2 to the power of so many partitions.
    pub fn new(nodes: u64, partition_bits: u8) -> Self {
        let member = |node| Member {
            node: NodeId(node),
            client: String::new(),
            bridge: String::new(),
        };
        let layout = Layout::first((1..=nodes).map(member).collect(), partition_bits);
        let ring = Ring::new(Arc::new(layout), [Bucket::default_bucket(owners(nodes))]);
        Self { ring }
    }

    /// The nodes that own a key.
    pub fn owners(&self, key: &str) -> Vec<u64> {
        let target = self.target(key);
        target.owners().iter().map(|owner| owner.0).collect()
    }

    /// The key as stores know it.
    pub fn stored(&self, key: &str) -> StoredKey {
        self.target(key).stored
    }

    fn target(&self, key: &str) -> Target {
        let key = Bytes::copy_from_slice(key.as_bytes());
        let target = self.ring.locate("default", &key);
        target.expect("every key of a run has a place")
    }
}
