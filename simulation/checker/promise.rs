//! What the policy of a bucket promises of one of its keys, and what excuses that it is not kept.
//!
//! W owners have what was acknowledged, and r of n answer a read: r + w − n of those who have it
//! are among them at least. In a buffered bucket an owner that loses power forgets what it has not
//! synced; which owner has forgotten what of which value is known exactly. So a read may miss
//! something only while that many owners have forgotten it, and it is lost for good only if W
//! have, and no acknowledgement has counted a synced copy.

use std::collections::BTreeSet;
use std::time::Duration;

use cartwheel::bucket::Bucket;

use crate::history::{BucketKey, Forgotten, History, Knowledge};

/// What is promised of one key.
pub(super) struct Promise<'a> {
    policy: &'a Bucket,
    forgotten: Vec<&'a Forgotten>,
}

impl<'a> Promise<'a> {
    /// What a history knows of a key's bucket, and of what was forgotten of the key.
    pub(super) fn of(history: &'a History, key: &BucketKey) -> Option<Self> {
        let policy = history.buckets.get(&*key.bucket)?;
        let forgotten = history.forgotten.iter();
        Some(Self {
            policy,
            forgotten: forgotten.filter(|one| one.key == *key).collect(),
        })
    }

    /// Whether what a read has shown is shown by every later one: two reads have an owner in
    /// common, and an owner shows nothing that it may forget.
    pub(super) fn shows_stay(&self) -> bool {
        2 * self.policy.r > self.policy.n && self.policy.durability.is_synced()
    }

    /// Whether an acknowledgement promises that it is synced.
    pub(super) fn is_synced(&self) -> bool {
        self.policy.durability.is_synced()
    }

    /// Whether a read of that time may lack what was acknowledged before.
    pub(super) fn excuses(
        &self,
        what: Knowledge,
        value: &str,
        (asked, ended): (Duration, Duration),
    ) -> bool {
        let meets =
            |one: &&&Forgotten| one.from <= ended && one.until.is_none_or(|until| asked <= until);
        let meet = (self.policy.r + self.policy.w).saturating_sub(self.policy.n);
        self.owners(what, value, meets) >= usize::from(meet.max(1))
    }

    /// Whether it may be gone for good.
    pub(super) fn is_forgotten(&self, what: Knowledge, value: &str) -> bool {
        let open = |one: &&&Forgotten| one.until.is_none();
        self.owners(what, value, open) >= usize::from(self.policy.w)
    }

    /// How many owners have forgotten it.
    fn owners(
        &self,
        what: Knowledge,
        value: &str,
        when: impl Fn(&&&'a Forgotten) -> bool,
    ) -> usize {
        let forgotten = self.forgotten.iter();
        let forgotten = forgotten.filter(|one| one.what == what && one.value == value);
        let owners: BTreeSet<u64> = forgotten.filter(when).map(|one| one.owner).collect();
        owners.len()
    }
}

#[cfg(test)]
mod tests;
