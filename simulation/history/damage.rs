//! What was done to the disk of an owner, as far as reads may notice it.

use std::time::Duration;

use super::BucketKey;

/// A time in which an owner of a key may lack, unknown to itself, what it had acknowledged.
#[derive(Clone, Debug)]
pub struct Damage {
    /// The key.
    pub key: BucketKey,
    /// When its record was lost.
    pub from: Duration,
    /// Nothing while it lasts.
    pub until: Option<Duration>,
}

impl Damage {
    /// Whether it met a read of that time.
    pub fn meets(&self, asked: Duration, ended: Duration) -> bool {
        self.from <= ended && self.until.is_none_or(|until| asked <= until)
    }
}
