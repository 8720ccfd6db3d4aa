//! What an observer has still to hear: records that were accepted here, in their order, and gaps.
//!
//! ```text
//!   replicas ── offer ──►  a │ b │ c │ FellBehind { lost: 7 } │ k │ l   ── take ──►  observer
//!                          └ bounded ┘ says so once, in its place
//! ```
//!
//! Nothing ever waits for an observer: what finds no room is counted, and the count stands where
//! the records would have stood. What may be missing without having been counted is a
//! [`Notice::Restarted`], with which every feed begins.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::key::BucketId;
use crate::limits::OBSERVED_BYTES_MAX;
use crate::node::ShardId;
use crate::store::StoredKey;
use crate::version::{Record, RecordError};

/// A record that a replica here has written as durably as its bucket wants: a client's write, one
/// of another coordinator, or a repair. It is the record as a whole, not the write alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The shard; records of one shard come in the order of their acceptance.
    pub shard: ShardId,
    /// The key as it is stored.
    pub stored: StoredKey,
    /// The whole record, encoded.
    pub encoded: Bytes,
}

impl Accepted {
    /// The bucket's id.
    pub fn bucket(&self) -> BucketId {
        self.stored.bucket()
    }

    /// The client's key.
    pub fn key(&self) -> Bytes {
        self.stored.key()
    }

    /// The record: its dots, its values, what it has seen.
    pub fn record(&self) -> Result<Record, RecordError> {
        Record::decode(&self.encoded)
    }

    fn bytes(&self) -> usize {
        self.stored.as_bytes().len() + self.encoded.len()
    }
}

/// What an observer hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A record was accepted.
    Accepted(Accepted),
    /// So many records were accepted here that the observer will not hear of.
    FellBehind {
        /// How many.
        lost: u64,
    },
    /// The node, a replica of it or the observer began anew: what was accepted before and not
    /// heard of may be anything.
    Restarted,
}

/// The notices of one observer.
#[derive(Debug)]
pub struct Feed {
    records_max: usize,
    notices: VecDeque<Notice>,
    records: usize,
    bytes: usize,
}

impl Feed {
    /// A feed that holds so many records at most. What was before it began is unknown.
    pub fn new(records_max: usize) -> Self {
        Self {
            records_max,
            notices: VecDeque::from([Notice::Restarted]),
            records: 0,
            bytes: 0,
        }
    }

    /// Takes a record, or counts it where it has no room.
    pub fn offer(&mut self, accepted: Accepted) {
        let bytes = self.bytes + accepted.bytes();
        let fits = self.records == 0 || bytes <= OBSERVED_BYTES_MAX;
        if self.records < self.records_max && fits {
            self.records += 1;
            self.bytes = bytes;
            return self.notices.push_back(Notice::Accepted(accepted));
        }
        match self.notices.back_mut() {
            Some(Notice::FellBehind { lost }) => *lost += 1,
            _ => self.notices.push_back(Notice::FellBehind { lost: 1 }),
        }
    }

    /// A replica began anew: what its earlier life has written and not offered is unknown.
    pub fn replica_restarted(&mut self) {
        if self.notices.back() != Some(&Notice::Restarted) {
            self.notices.push_back(Notice::Restarted);
        }
    }

    /// The observer lost what it took last: the gap is before all that waits.
    pub fn observer_restarted(&mut self) {
        if self.notices.front() != Some(&Notice::Restarted) {
            self.notices.push_front(Notice::Restarted);
        }
    }

    /// Takes the oldest notices, so many at most.
    pub fn take(&mut self, max: usize) -> Vec<Notice> {
        let taken: Vec<Notice> = self.notices.drain(..max.min(self.notices.len())).collect();
        for notice in &taken {
            if let Notice::Accepted(accepted) = notice {
                self.records -= 1;
                self.bytes -= accepted.bytes();
            }
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{KeyHash, PartitionId};
    use crate::store::SliceId;

    fn accepted(number: u64, len: usize) -> Accepted {
        let slice = SliceId {
            partition: PartitionId(0),
            n: 3,
        };
        let key = number.to_string();
        Accepted {
            shard: ShardId(0),
            stored: StoredKey::new(slice, KeyHash(number), BucketId(1), key.as_bytes()),
            encoded: Bytes::from(vec![0; len]),
        }
    }

    fn offered(feed: &mut Feed, numbers: std::ops::Range<u64>) {
        numbers.for_each(|number| feed.offer(accepted(number, 1)));
    }

    fn told(feed: &mut Feed, max: usize) -> Vec<String> {
        let notices = feed.take(max).into_iter();
        let told = notices.map(|notice| match notice {
            Notice::Accepted(accepted) => String::from_utf8(accepted.key().to_vec()).unwrap(),
            Notice::FellBehind { lost } => format!("lost {lost}"),
            Notice::Restarted => "restarted".to_owned(),
        });
        told.collect()
    }

    #[test]
    fn a_feed_begins_with_what_nobody_knows_and_keeps_the_order() {
        let mut feed = Feed::new(3);
        offered(&mut feed, 1..4);
        assert_eq!(told(&mut feed, 9), ["restarted", "1", "2", "3"]);
        assert_eq!(told(&mut feed, 9), Vec::<String>::new());
    }

    #[test]
    fn what_has_no_room_is_counted_once_and_in_its_place() {
        let mut feed = Feed::new(2);
        offered(&mut feed, 1..8);
        assert_eq!(told(&mut feed, 2), ["restarted", "1"]);
        // There is room for one again: it stands behind the gap.
        offered(&mut feed, 8..10);
        assert_eq!(told(&mut feed, 9), ["2", "lost 5", "8", "lost 1"]);
        offered(&mut feed, 10..11);
        assert_eq!(told(&mut feed, 9), ["10"]);
    }

    #[test]
    fn bytes_are_bounded_and_the_first_record_always_has_room() {
        let mut feed = Feed::new(9);
        feed.offer(accepted(1, OBSERVED_BYTES_MAX + 1));
        feed.offer(accepted(2, 1));
        assert_eq!(told(&mut feed, 9), ["restarted", "1", "lost 1"]);
        for number in 3..6 {
            feed.offer(accepted(number, OBSERVED_BYTES_MAX / 2 - 100));
        }
        assert_eq!(told(&mut feed, 9), ["3", "4", "lost 1"]);
    }

    #[test]
    fn a_gap_of_the_observer_is_before_what_waits_and_one_of_a_replica_behind_it() {
        let mut feed = Feed::new(9);
        feed.take(9);
        offered(&mut feed, 1..2);
        feed.replica_restarted();
        offered(&mut feed, 2..3);
        feed.observer_restarted();
        feed.observer_restarted();
        assert_eq!(told(&mut feed, 9), ["restarted", "1", "restarted", "2"]);
    }
}
