//! Where the keys of a run are kept: the clusters that there are, and who owns what in them.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use cartwheel::bucket::Bucket;
use cartwheel::layout::{Layout, Member};
use cartwheel::node::NodeId;
use cartwheel::ring::{Ring, Target};
use cartwheel::store::StoredKey;

use crate::history::BucketKey;

/// The bucket that a cluster of so many nodes has from the start.
pub fn default_bucket(nodes: u64) -> Bucket {
    Bucket::default_bucket(u8::try_from(nodes.min(3)).unwrap_or(3))
}

/// What the harness knows of the ring, by itself.
pub struct Placement {
    ring: Ring,
}

impl Placement {
    /// The ring of so many nodes, and of 2 to the power of so many partitions; it knows no bucket.
    pub fn new(nodes: u64, partition_bits: u8) -> Self {
        let member = |node| Member {
            node: NodeId(node),
            client: String::new(),
            bridge: String::new(),
        };
        let layout = Layout::first((1..=nodes).map(member).collect(), partition_bits);
        let ring = Ring::new(Arc::new(layout), []);
        Self { ring }
    }

    /// The number of leading bits of a key's hash that name its partition.
    pub fn partition_bits(&self) -> u8 {
        self.ring.layout().partition_bits()
    }

    /// Learns of buckets, by name; those it knows stay what they are.
    pub fn learn(&mut self, buckets: &BTreeMap<String, Arc<Bucket>>) {
        let known = self.ring.buckets().count();
        let news = buckets.values().filter(|_| known < buckets.len());
        let news: Vec<Bucket> = news.map(|bucket| Bucket::clone(bucket)).collect();
        news.into_iter().for_each(|bucket| self.ring.insert(bucket));
    }

    /// The nodes that own a key.
    pub fn owners(&self, key: &BucketKey) -> Vec<u64> {
        let target = self.target(key);
        target.owners().iter().map(|owner| owner.0).collect()
    }

    /// The key as stores know it.
    pub fn stored(&self, key: &BucketKey) -> StoredKey {
        self.target(key).stored
    }

    /// The key of a stored form, if it is one of a bucket that is known.
    pub fn key(&self, stored: &StoredKey) -> Option<BucketKey> {
        let bucket = self.ring.bucket_of(stored.bucket())?;
        let key = stored.key();
        let key = std::str::from_utf8(&key).ok()?;
        Some(BucketKey::new(&bucket.name, key))
    }

    fn target(&self, key: &BucketKey) -> Target {
        let target = self
            .ring
            .locate(&key.bucket, &Bytes::copy_from_slice(key.key.as_bytes()));
        target.expect("every key of a run has a place")
    }
}
