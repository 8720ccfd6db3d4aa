//! The ring as requests see it: from a bucket's name and a key to the owners.
//!
//! A snapshot is immutable and shared: a request keeps the one it began with.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use crate::bucket::Bucket;
use crate::key::{BucketId, KeyHash, PartitionId};
use crate::layout::SharedLayout;
use crate::message::client::RequestError;
use crate::node::{NodeId, ShardId};
use crate::quorum::Owners;
use crate::store::{SliceId, StoredKey};

/// Layout and buckets at one instant.
#[derive(Clone, Debug)]
pub struct Ring {
    layout: SharedLayout,
    buckets: BTreeMap<String, Arc<Bucket>>,
    names: BTreeMap<BucketId, String>,
}

/// Where one key lives, and under which policy.
#[derive(Clone, Debug)]
pub struct Target {
    /// The policy.
    pub bucket: Arc<Bucket>,
    /// The client's key.
    pub key: Bytes,
    /// The key on disk.
    pub stored: StoredKey,
    /// Every member in order of preference, the first n are the owners.
    pub preference: Owners,
}

impl Ring {
    /// The ring of a layout with these buckets.
    pub fn new(layout: SharedLayout, buckets: impl IntoIterator<Item = Bucket>) -> Self {
        let mut ring = Self {
            layout,
            buckets: BTreeMap::new(),
            names: BTreeMap::new(),
        };
        buckets.into_iter().for_each(|bucket| ring.insert(bucket));
        ring
    }

    /// Adds a bucket.
    pub fn insert(&mut self, bucket: Bucket) {
        self.names.insert(bucket.id, bucket.name.clone());
        self.buckets.insert(bucket.name.clone(), Arc::new(bucket));
    }

    /// The layout.
    pub fn layout(&self) -> &SharedLayout {
        &self.layout
    }

    /// Every bucket by name.
    pub fn buckets(&self) -> impl Iterator<Item = &Arc<Bucket>> {
        self.buckets.values()
    }

    /// The bucket of a name.
    pub fn bucket(&self, name: &str) -> Result<&Arc<Bucket>, RequestError> {
        self.buckets
            .get(name)
            .ok_or_else(|| RequestError::UnknownBucket {
                name: name
                    .chars()
                    .take(crate::limits::BUCKET_NAME_LEN_MAX)
                    .collect(),
            })
    }

    /// The bucket of an id.
    pub fn bucket_of(&self, id: BucketId) -> Option<&Arc<Bucket>> {
        self.buckets.get(self.names.get(&id)?)
    }

    /// Where a key lives; the key's length is checked against the bucket's limit.
    pub fn locate(&self, bucket: &str, key: &Bytes) -> Result<Target, RequestError> {
        let bucket = self.bucket(bucket)?;
        let (len, limit) = (key.len() as u64, u64::from(bucket.key_len_max));
        if len == 0 || len > limit {
            return Err(RequestError::KeyLength { len, limit });
        }
        Ok(self.target(bucket, key))
    }

    /// The shard, of a node with so many, that a request for a key goes to. A key or bucket that
    /// will be refused may go anywhere.
    pub fn shard_of(&self, bucket: &str, key: &[u8], shards: u16) -> ShardId {
        let Some(bucket) = self.buckets.get(bucket) else {
            return ShardId(0);
        };
        let hash = KeyHash::of(bucket.id, key);
        shard_of(hash.partition(self.layout.partition_bits()), shards)
    }

    /// Where a key of a known bucket lives.
    pub fn target(&self, bucket: &Arc<Bucket>, key: &Bytes) -> Target {
        let hash = KeyHash::of(bucket.id, key);
        let partition = hash.partition(self.layout.partition_bits());
        let slice = SliceId {
            partition,
            n: bucket.n,
        };
        Target {
            bucket: Arc::clone(bucket),
            key: key.clone(),
            stored: StoredKey::new(slice, hash, bucket.id, key),
            preference: Arc::clone(self.layout.preference_list(partition)),
        }
    }
}

impl Target {
    /// The key's partition.
    pub fn partition(&self) -> PartitionId {
        self.stored.slice().partition
    }

    /// The owners in order of preference.
    pub fn owners(&self) -> &[NodeId] {
        let n = usize::from(self.bucket.n).min(self.preference.len());
        &self.preference[..n]
    }

    /// The shard of a node with so many shards that holds the partition.
    pub fn shard(&self, shards: u16) -> ShardId {
        shard_of(self.partition(), shards)
    }
}

fn shard_of(partition: PartitionId, shards: u16) -> ShardId {
    ShardId(partition.0 % shards.max(1))
}
