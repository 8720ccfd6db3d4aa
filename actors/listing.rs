//! Listing the keys of a bucket.
//!
//! A listing walks the partitions in order and asks r owners of each for the next keys. A key
//! is listed if any of them has a live value: a key whose delete has not reached every owner
//! may still be listed, one that exists is never left out.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix::{Actor, Context, Handler, Message, Supervised};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use cartwheel::bucket::Bucket;
use cartwheel::key::PartitionId;
use cartwheel::limits::LIST_LIMIT_MAX;
use cartwheel::message::client::{List, Listed, RequestError};
use cartwheel::message::replica::{ReplicaList, ReplicaListed};
use cartwheel::ring::Ring;
use cartwheel::store::{Family, ReplicaStore, SliceId, StoreError, StoredKey};
use cartwheel::version::Record;

use crate::bridge::Peers;

/// How many records one answer looks at, whose values are read with them: keys of other
/// buckets are passed over.
const SCAN_MAX: usize = 128;

/// Reads ranges of the store, away from the shards, since it may wait for the disk.
pub struct ListActor {
    store: Arc<dyn ReplicaStore>,
}

impl ListActor {
    /// Reads this store.
    pub fn new(store: Arc<dyn ReplicaStore>) -> Self {
        Self { store }
    }

    fn keys(&self, list: &ReplicaList, n: u8) -> Result<ReplicaListed, StoreError> {
        let partition = PartitionId(list.partition);
        let (from, until) = StoredKey::range_of(SliceId { partition, n });
        let from = if list.after.is_empty() {
            from
        } else {
            successor(&list.after)
        };
        let found = self.store.scan(Family::Objects, &from, &until, SCAN_MAX)?;
        let whole = found.len() < SCAN_MAX;
        let mut listed = ReplicaListed {
            keys: Vec::new(),
            through: Bytes::new(),
        };
        for (key, record) in found {
            if listed.keys.len() >= list.limit as usize {
                return Ok(listed);
            }
            let of_bucket = StoredKey::parse(key.clone()).is_ok_and(|k| k.bucket() == list.bucket);
            if of_bucket {
                // A corrupt record is listed: it exists, and a read will say what is wrong.
                let live = Record::decode(&record).map_or(true, |record| record.siblings() > 0);
                listed.keys.push((key.clone(), live));
            }
            listed.through = key;
        }
        if whole {
            listed.through = Bytes::new();
        }
        Ok(listed)
    }
}

fn successor(key: &[u8]) -> Bytes {
    let mut next = BytesMut::from(key);
    next.put_u8(0);
    next.freeze()
}

impl Actor for ListActor {
    type Context = Context<Self>;
}

impl Supervised for ListActor {}

/// Asks for the keys of a slice here.
#[derive(Message)]
#[rtype(result = "Result<ReplicaListed, StoreError>")]
pub struct KeysHere {
    /// What is asked.
    pub list: ReplicaList,
    /// The bucket's n.
    pub n: u8,
}

impl Handler<KeysHere> for ListActor {
    type Result = Result<ReplicaListed, StoreError>;

    fn handle(&mut self, asked: KeysHere, _: &mut Self::Context) -> Self::Result {
        self.keys(&asked.list, asked.n)
    }
}

/// One page of a bucket's keys.
pub async fn page(ring: Arc<Ring>, peers: Peers, list: List) -> Result<Listed, RequestError> {
    let bucket = Arc::clone(ring.bucket(&list.bucket)?);
    let mut cursor = Cursor::parse(&list.cursor)?;
    let limit = list.limit.clamp(1, LIST_LIMIT_MAX) as usize;
    let partitions = 1_u32 << ring.layout().partition_bits();
    let mut listed = Listed {
        keys: Vec::new(),
        next: Bytes::new(),
        incomplete: Vec::new(),
    };
    while u32::from(cursor.partition) < partitions {
        let wanted = limit - listed.keys.len();
        let answers = ask(&ring, &peers, &bucket, &cursor, wanted).await;
        if answers.len() < usize::from(bucket.r)
            && listed.incomplete.last() != Some(&cursor.partition)
        {
            listed.incomplete.push(cursor.partition);
        }
        let (keys, through) = joined(answers, wanted);
        listed.keys.extend(keys);
        let at_end = !cursor.advance(through);
        if at_end {
            break;
        }
        if listed.keys.len() >= limit {
            listed.next = cursor.encode();
            break;
        }
    }
    Ok(listed)
}

async fn ask(
    ring: &Ring,
    peers: &Peers,
    bucket: &Bucket,
    cursor: &Cursor,
    wanted: usize,
) -> Vec<ReplicaListed> {
    let mut answers = Vec::new();
    let owners = ring.layout().preference_list(PartitionId(cursor.partition));
    for owner in owners.iter().take(usize::from(bucket.n)) {
        if answers.len() >= usize::from(bucket.r) {
            break;
        }
        let list = ReplicaList {
            bucket: bucket.id,
            partition: cursor.partition,
            after: cursor.after.clone(),
            limit: u32::try_from(wanted).unwrap_or(LIST_LIMIT_MAX),
        };
        match peers.call(*owner, list).await {
            Ok(answer) => answers.push(answer),
            Err(error) => tracing::debug!(%owner, %error, "an owner did not list"),
        }
    }
    answers
}

/// The live keys of all answers as far as every answer reaches, and where that is; nothing:
/// to the partition's end.
fn joined(answers: Vec<ReplicaListed>, wanted: usize) -> (Vec<Bytes>, Bytes) {
    let reaches = answers.iter().map(|answer| &answer.through);
    let mut through = reaches
        .filter(|key| !key.is_empty())
        .min()
        .cloned()
        .unwrap_or_default();
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

/// Where a listing is: partition, and the stored key it is behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Cursor {
    partition: u16,
    after: Bytes,
}

impl Cursor {
    fn parse(bytes: &Bytes) -> Result<Self, RequestError> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        if bytes.len() < 2 {
            return Err(RequestError::Malformed {
                kind: 19,
                cause: format!(
                    "a cursor has at least 2 bytes, this one has {}",
                    bytes.len()
                ),
            });
        }
        let mut bytes = bytes.clone();
        let partition = bytes.get_u16();
        Ok(Self {
            partition,
            after: bytes,
        })
    }

    fn encode(&self) -> Bytes {
        let mut bytes = BytesMut::with_capacity(2 + self.after.len());
        bytes.put_u16(self.partition);
        bytes.put_slice(&self.after);
        bytes.freeze()
    }

    /// Moves on; false behind the last partition there can be.
    fn advance(&mut self, through: Bytes) -> bool {
        if !through.is_empty() {
            self.after = through;
            return true;
        }
        self.after = Bytes::new();
        match self.partition.checked_add(1) {
            Some(next) => {
                self.partition = next;
                true
            }
            None => false,
        }
    }
}
