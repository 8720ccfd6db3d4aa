//! A key of a bucket: what all of a run is known by.

use std::fmt;
use std::sync::Arc;

/// The bucket that every cluster has.
pub const DEFAULT: &str = "default";

/// A key of a bucket; two buckets may have the same key, and share nothing. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BucketKey {
    /// The bucket's name.
    pub bucket: Arc<str>,
    /// The key.
    pub key: Arc<str>,
}

impl BucketKey {
    /// A key of a bucket.
    pub fn new(bucket: &str, key: &str) -> Self {
        let (bucket, key) = (bucket.into(), key.into());
        Self { bucket, key }
    }

    /// A key of the bucket that every cluster has.
    pub fn of_default(key: &str) -> Self {
        Self::new(DEFAULT, key)
    }
}

impl fmt::Display for BucketKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.bucket, self.key)
    }
}

impl fmt::Debug for BucketKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?}", self.to_string())
    }
}
