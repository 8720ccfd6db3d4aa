//! The walk of a listing over the partitions, and the joining of what owners answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::cursor::Cursor;
use crate::bucket::Bucket;
use crate::key::PartitionId;
use crate::limits::{LIST_LIMIT_MAX, LIST_PAGE_TIME};
use crate::message::client::{List, Listed, RequestError};
use crate::message::replica::{ReplicaList, ReplicaListed};
use crate::node::NodeId;
use crate::planted_bug::{self, PlantedBug};
use crate::ring::Ring;
use crate::store::StoredKey;
use crate::time::Moment;

/// One page of a listing.
#[derive(Clone, Debug)]
pub struct Listing {
    ring: Arc<Ring>,
    bucket: Arc<Bucket>,
    limit: usize,
    cursor: Cursor,
    /// How many owners of the partition were asked, in their order.
    asked: usize,
    answers: Vec<ReplicaListed>,
    began: Moment,
    listed: Listed,
    done: bool,
}

/// What a listing wants next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListingStep {
    /// Ask this owner; the answer, or that there is none, goes to [`Listing::answered`].
    Ask(NodeId, ReplicaList),
    /// The page.
    Done(Listed),
}

impl Listing {
    /// Begins now where the last page ended.
    pub fn begin(ring: Arc<Ring>, list: &List, now: Moment) -> Result<Self, RequestError> {
        let bucket = Arc::clone(ring.bucket(&list.bucket)?);
        let partitions = 1_u32 << ring.layout().partition_bits();
        let cursor = Cursor::parse(&list.cursor, bucket.id, bucket.n, partitions)?;
        Ok(Self {
            ring,
            bucket,
            limit: list.limit.clamp(1, LIST_LIMIT_MAX) as usize
                + usize::from(planted_bug::is(PlantedBug::OverfillAPage)),
            cursor,
            asked: 0,
            answers: Vec::new(),
            began: now,
            listed: Listed {
                keys: Vec::new(),
                next: Bytes::new(),
                incomplete: Vec::new(),
            },
            done: false,
        })
    }

    /// What to do now.
    pub fn step(&mut self, now: Moment) -> ListingStep {
        while !self.done {
            if let Some(owner) = self.next_owner() {
                return ListingStep::Ask(owner, self.question());
            }
            self.join(now);
        }
        ListingStep::Done(self.listed.clone())
    }

    /// What the owner that was asked has answered, if it has.
    pub fn answered(&mut self, answer: Option<ReplicaListed>) {
        self.asked += 1;
        // One that does not get on would be asked for ever.
        let gets_on = |answer: &ReplicaListed| {
            answer.through.is_empty() || answer.through > self.cursor.after
        };
        self.answers.extend(answer.filter(gets_on));
    }

    fn r(&self) -> usize {
        match planted_bug::is(PlantedBug::ListOneOwner) {
            true => 1,
            false => usize::from(self.bucket.r),
        }
    }

    /// The next owner to ask, until r have answered.
    fn next_owner(&self) -> Option<NodeId> {
        let partition = PartitionId(self.cursor.partition);
        let owners = self.ring.layout().preference_list(partition).iter();
        let mut owners = owners.take(usize::from(self.bucket.n));
        match self.answers.len() < self.r() {
            true => owners.nth(self.asked).copied(),
            false => None,
        }
    }

    fn question(&self) -> ReplicaList {
        ReplicaList {
            bucket: self.bucket.id,
            partition: self.cursor.partition,
            after: self.cursor.after.clone(),
            limit: u32::try_from(self.wanted()).unwrap_or(LIST_LIMIT_MAX),
        }
    }

    fn wanted(&self) -> usize {
        self.limit - self.listed.keys.len()
    }

    /// Takes over what r owners have answered, or all that could.
    fn join(&mut self, now: Moment) {
        let few = self.answers.len() < self.r();
        let (partition, incomplete) = (self.cursor.partition, &mut self.listed.incomplete);
        if few && incomplete.last() != Some(&partition) {
            let behind = u16::from(planted_bug::is(PlantedBug::MissThePartition));
            incomplete.push(partition.saturating_add(behind));
        }
        let answers = std::mem::take(&mut self.answers);
        let (keys, mut through) = joined(answers, self.wanted());
        self.listed.keys.extend(keys);
        if self.wanted() == 0 && planted_bug::is(PlantedBug::SkipBehindAFullPage) {
            through.clear();
        }
        self.asked = 0;
        let partitions = 1_u32 << self.ring.layout().partition_bits();
        let more = self.cursor.advance(through) && u32::from(self.cursor.partition) < partitions;
        // Also where there is little to find, as beside a far larger bucket: a page that did
        // not end would be asked for again and again, each time from its beginning. One range is
        // read in any case, so that each page gets on.
        let enough = self.wanted() == 0 || now.since(self.began) >= LIST_PAGE_TIME;
        if more && enough {
            self.listed.next = self.cursor.encode();
        }
        self.done = !more || enough;
    }
}

/// The live keys of all answers as far as every answer reaches, and where that is; nothing:
/// to the partition's end.
fn joined(answers: Vec<ReplicaListed>, wanted: usize) -> (Vec<Bytes>, Bytes) {
    let reaches = answers.iter().map(|answer| &answer.through);
    let through = reaches.filter(|key| !key.is_empty()).min();
    let mut through = through.cloned().unwrap_or_default();
    let mut keys: BTreeMap<Bytes, bool> = BTreeMap::new();
    for (key, live) in answers.into_iter().flat_map(|answer| answer.keys) {
        if through.is_empty() || key <= through {
            *keys.entry(key).or_default() |= live;
        }
    }
    let mut listed = Vec::new();
    for (key, _) in keys.into_iter().filter(|(_, live)| *live) {
        if listed.len() == wanted {
            break;
        }
        if listed.len() + 1 == wanted {
            through = key.clone();
        }
        listed.extend(StoredKey::parse(key).map(|stored| stored.key()));
    }
    (listed, through)
}

#[cfg(test)]
mod tests;
