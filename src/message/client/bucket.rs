//! Buckets as clients see them.

use serde::{Deserialize, Serialize};

use crate::bucket::Bucket;

/// Creates a bucket; needs every member up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketCreate {
    /// The policy; its id is ignored and minted by the node.
    pub bucket: Bucket,
}

/// Asks for every bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketList;

/// One bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketDescription {
    /// The policy.
    pub bucket: Bucket,
}
