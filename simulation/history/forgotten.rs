//! What owners of buffered buckets forget, which they may: the unsynced end of their disks.

use std::time::Duration;

use super::BucketKey;

/// What an owner knew of a value before it lost power, and does not know any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knowledge {
    /// That there was this value.
    Value,
    /// That it was replaced or deleted.
    Replacement,
}

/// A time in which an owner of a key has forgotten something of a value.
#[derive(Clone, Debug)]
pub struct Forgotten {
    /// The key.
    pub key: BucketKey,
    /// The value's name.
    pub value: String,
    /// The owner.
    pub owner: u64,
    /// What it has forgotten.
    pub what: Knowledge,
    /// When it lost power.
    pub from: Duration,
    /// When it was found to know it again; nothing while it does not.
    pub until: Option<Duration>,
}
