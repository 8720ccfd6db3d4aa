//! All that a store keeps of a key.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::planted_bug::{self, PlantedBug};

use super::{Attributes, Context, Digest, Dot, History, RequestId, Stamp};

/// What becomes of concurrent values of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConflictRule {
    /// All are kept until a client resolves them.
    Siblings,
    /// The greatest (stamp, dot) wins; the losers are counted.
    Lww,
    /// As `Siblings`, and a put without a context on an existing key is refused.
    Refuse,
}

/// What one write left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its write event.
    pub dot: Dot,
    /// The client's name for the write.
    pub request: RequestId,
    /// When it was written, for last-writer-wins; zero elsewhere.
    pub stamp: Stamp,
    /// The value.
    pub value: Value,
}

impl Version {
    /// The bytes of its value and of what was kept beside it.
    pub fn len(&self) -> usize {
        match &self.value {
            Value::Live { bytes, attributes } => {
                bytes.len() + attributes.as_ref().map_or(0, |attributes| attributes.len())
            }
            Value::Tombstone => 0,
        }
    }

    /// Whether there are no such bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A value, or the mark of a last-writer-wins delete, which has to outlive older writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A value.
    Live {
        /// Its bytes.
        bytes: Bytes,
        /// What was kept beside it.
        attributes: Option<Box<Attributes>>,
    },
    /// Deleted.
    Tombstone,
}

/// The siblings of a key and the dots that it has seen.
///
/// Every version's dot is in the history; a dot in the history without a version was
/// replaced or deleted. Versions are ordered by dot, so that equal records are equal bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    pub(super) history: History,
    pub(super) versions: Vec<Version>,
}

impl Record {
    /// A key that was never written.
    pub fn new() -> Self {
        Self::default()
    }

    /// The dots it has seen.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// What no known write has replaced, tombstones included.
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// How many live values there are.
    pub fn siblings(&self) -> usize {
        self.live().count()
    }

    /// The versions that have a value.
    pub fn live(&self) -> impl Iterator<Item = &Version> {
        let live = |version: &&Version| version.value != Value::Tombstone;
        self.versions.iter().filter(live)
    }

    /// The dots of the versions.
    pub fn dots(&self) -> impl Iterator<Item = Dot> {
        self.versions.iter().map(|version| version.dot)
    }

    /// The greatest stamp of its versions.
    pub fn stamp(&self) -> Stamp {
        let stamps = self.versions.iter().map(|version| version.stamp);
        stamps.max().unwrap_or_default()
    }

    /// The bytes of all values.
    pub fn values_len(&self) -> usize {
        self.versions.iter().map(Version::len).sum()
    }

    /// What a client that reads the record has seen.
    pub fn context(&self) -> Context {
        Context {
            history: self.history.clone(),
            stamp: self.stamp(),
        }
    }

    /// The version that a request has left here already.
    pub fn written_by(&self, request: RequestId) -> Option<&Version> {
        self.versions
            .iter()
            .find(|version| version.request == request)
    }

    /// Drops what a context covers, and remembers that it was covered.
    pub fn cover(&mut self, context: &History) {
        self.versions
            .retain(|version| !context.contains(version.dot));
        if !planted_bug::is(PlantedBug::ForgetTheCovered) {
            self.history.join(context);
        }
    }

    /// Adds a new version. Its origin has just minted the dot and forgets nothing, so all
    /// its dots on this key up to it are known.
    pub fn write(&mut self, version: Version, rule: ConflictRule) {
        self.history.cover(version.dot.origin, version.dot.counter);
        let at = self
            .versions
            .partition_point(|other| other.dot < version.dot);
        self.versions.insert(at, version);
        self.settle(rule);
    }

    /// Joins another store's record of the same key; answers how many values lost by
    /// last-writer-wins.
    ///
    /// Commutative, associative and idempotent but for twins of one retried request, of
    /// which the greater dot stays wherever both meet.
    pub fn merge(&mut self, other: &Self, rule: ConflictRule) -> usize {
        let mine =
            |version: &Version| !other.history.contains(version.dot) || other.holds(version.dot);
        let news = |version: &&Version| !self.history.contains(version.dot);
        let mut news: Vec<Version> = other.versions.iter().filter(news).cloned().collect();
        if planted_bug::is(PlantedBug::StampAMerge) {
            news.iter_mut().for_each(|version| version.stamp.0 += 1);
        }
        self.versions.retain(mine);
        if !planted_bug::is(PlantedBug::DropASibling) || self.versions.is_empty() {
            self.versions.extend(news);
        }
        self.versions.sort_unstable_by_key(|version| version.dot);
        self.history.join(&other.history);
        self.settle(rule)
    }

    fn holds(&self, dot: Dot) -> bool {
        let by_dot = |version: &Version| version.dot.cmp(&dot);
        self.versions.binary_search_by(by_dot).is_ok()
    }

    /// Drops twins, or all but the winner where the last writer wins. There a twin is a loser
    /// like any other: were the greater dot kept instead of the greater stamp, two replicas
    /// could each drop what the other keeps, and lose both.
    fn settle(&mut self, rule: ConflictRule) -> usize {
        if self.versions.len() < 2 {
            return 0;
        }
        match rule {
            ConflictRule::Lww if planted_bug::is(PlantedBug::KeepTheLosers) => 0,
            ConflictRule::Lww => self.keep_winner(),
            _ if planted_bug::is(PlantedBug::LastWriterWins) => self.keep_winner(),
            ConflictRule::Siblings | ConflictRule::Refuse => {
                self.drop_twins();
                0
            }
        }
    }

    /// Of versions that one request made through several coordinators the greatest dot
    /// stays; versions are in the order of their dots.
    fn drop_twins(&mut self) {
        let requests: Vec<RequestId> = self.versions.iter().map(|v| v.request).collect();
        let mut at = 0;
        self.versions.retain(|version| {
            at += 1;
            !requests[at..].contains(&version.request)
        });
    }

    /// A twin of the winner is the same value, so it is not counted as lost.
    fn keep_winner(&mut self) -> usize {
        let versions = self.versions.iter();
        let winner = match planted_bug::is(PlantedBug::KeepTheLowerStamp) {
            true => versions.min_by_key(|v| (v.stamp, v.dot)),
            false => versions.max_by_key(|v| (v.stamp, v.dot)),
        };
        let Some((dot, request)) = winner.map(|v| (v.dot, v.request)) else {
            return 0;
        };
        let lost = self.versions.iter().filter(|v| v.request != request);
        let lost = lost.count();
        self.versions.retain(|v| v.dot == dot);
        lost
    }

    /// The record's fingerprint.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.history, &self.versions)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Origin;
    use super::*;

    const A: Origin = Origin(1);
    const B: Origin = Origin(2);

    fn version(origin: Origin, counter: u64) -> Version {
        Version {
            dot: Dot { origin, counter },
            request: RequestId::new(u128::from(origin.0) << 64 | u128::from(counter)),
            stamp: Stamp(counter),
            value: Value::Live {
                bytes: Bytes::from(format!("{origin}-{counter}")),
                attributes: None,
            },
        }
    }

    fn written(versions: &[(Origin, u64)]) -> Record {
        let mut record = Record::new();
        for &(origin, counter) in versions {
            record.write(version(origin, counter), ConflictRule::Siblings);
        }
        record
    }

    #[test]
    fn two_blind_writes_are_siblings() {
        assert_eq!(written(&[(A, 5), (A, 9)]).siblings(), 2);
    }

    #[test]
    fn a_context_that_saw_one_sibling_leaves_the_other() {
        let mut record = written(&[(A, 5), (A, 9)]);
        let mut seen = History::new();
        seen.insert(Dot {
            origin: A,
            counter: 9,
        });
        record.cover(&seen);
        let left: Vec<Dot> = record.dots().collect();
        assert_eq!(
            left,
            [Dot {
                origin: A,
                counter: 5
            }]
        );
    }

    #[test]
    fn a_replaced_version_does_not_come_back_from_an_old_replica() {
        let old = written(&[(A, 5)]);
        let mut new = old.clone();
        new.cover(&old.context().history);
        new.write(version(B, 1), ConflictRule::Siblings);
        let mut merged = old.clone();
        merged.merge(&new, ConflictRule::Siblings);
        assert_eq!(merged, new);
        new.merge(&old, ConflictRule::Siblings);
        assert_eq!(merged, new);
    }

    #[test]
    fn twins_of_one_request_become_the_greater_dot() {
        let mut twin = version(B, 1);
        twin.request = version(A, 5).request;
        let mut other = Record::new();
        other.write(twin, ConflictRule::Siblings);
        let mut record = written(&[(A, 5)]);
        record.merge(&other, ConflictRule::Siblings);
        assert_eq!(
            record.dots().collect::<Vec<_>>(),
            [Dot {
                origin: B,
                counter: 1
            }]
        );
        assert!(record.history().contains(Dot {
            origin: A,
            counter: 5
        }));
    }

    #[test]
    fn the_last_writer_wins_where_asked_for() {
        let mut record = written(&[(A, 5)]);
        let lost = record.merge(&written(&[(B, 7)]), ConflictRule::Lww);
        assert_eq!(lost, 1);
        assert_eq!(
            record.dots().collect::<Vec<_>>(),
            [Dot {
                origin: B,
                counter: 7
            }]
        );
    }

    /// Twins of one last-writer-wins request with another write between their stamps: whatever
    /// order the three meet in, one value must stay.
    #[test]
    fn twins_lose_to_a_greater_stamp_whatever_their_dots() {
        let mut first = version(B, 1);
        first.stamp = Stamp(10);
        let mut between = version(Origin(3), 1);
        between.stamp = Stamp(11);
        let mut retry = version(A, 5);
        (retry.stamp, retry.request) = (Stamp(12), first.request);
        let [first, between, retry] = [first, between, retry].map(|version| {
            let mut record = Record::new();
            record.write(version, ConflictRule::Lww);
            record
        });
        let merged = |one: &Record, other: &Record| {
            let mut merged = one.clone();
            merged.merge(other, ConflictRule::Lww);
            merged
        };
        let one = merged(&merged(&first, &retry), &between);
        let other = merged(&merged(&between, &retry), &first);
        assert_eq!(
            merged(&one, &other).dots().collect::<Vec<_>>(),
            retry.dots().collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_twin_of_the_winner_is_not_counted_as_lost() {
        let mut twin = version(B, 7);
        twin.request = version(A, 5).request;
        let mut record = Record::new();
        record.write(twin, ConflictRule::Lww);
        assert_eq!(record.merge(&written(&[(A, 5)]), ConflictRule::Lww), 0);
        assert_eq!(record.siblings(), 1);
    }
}
