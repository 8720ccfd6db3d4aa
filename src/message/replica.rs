//! What nodes ask each other: the hot path's batches, forwards, and bucket agreement.
//!
//! Every item of a batch carries its operation id, and answers are lists of ids: batches are
//! not paired with their answers, and an answer may close items of several of them.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::client::RequestError;
use crate::bucket::Bucket;
use crate::key::BucketId;
use crate::limits::RECORD_LEN_CEILING;
use crate::message::Kind;
use crate::version::Digest;

/// Names an operation of one coordinator; never given twice within a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OperationId {
    /// The coordinator's shard.
    pub shard: u16,
    /// The coordinator's start number, counted over the process.
    pub start: u32,
    /// Its place in the coordinator's slab.
    pub slot: u32,
    /// How often that place was used before.
    pub generation: u32,
}

/// The view of the layout that a replica message was sent under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct View {
    /// The layout's epoch.
    pub epoch: u64,
    /// The phase of the slice's transfer; zero while nothing moves.
    pub phase: u8,
}

/// Where a record belongs, as a replica needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// The bucket.
    pub bucket: BucketId,
    /// The key.
    pub key: Bytes,
}

/// Merges records into a replica.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaPut {
    /// The coordinator's view.
    pub view: View,
    /// The records.
    pub items: Vec<ReplicaPutItem>,
}

/// One record to merge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaPutItem {
    /// Comes back in the answer.
    pub operation: OperationId,
    /// Where it belongs.
    pub address: Address,
    /// The encoded record.
    pub record: Bytes,
    /// Whether the answer waits for the disk, whatever the bucket says.
    pub synced: bool,
    /// Whether the record holds all that enough other owners have: it may take the place of one
    /// that is corrupt.
    pub repair: bool,
}

/// What became of the items of [`ReplicaPut`]s.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaStored {
    /// The replica's view; an answer under an older view than the replica's is late, and
    /// its items are stored without counting.
    pub view: View,
    /// The items that are stored as durably as asked.
    pub stored: Vec<OperationId>,
    /// The items that are not.
    pub failed: Vec<(OperationId, ReplicaError)>,
}

/// Reads records of a replica.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaGet {
    /// The coordinator's view.
    pub view: View,
    /// The reads.
    pub items: Vec<ReplicaGetItem>,
}

/// One record to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaGetItem {
    /// Comes back in the answer.
    pub operation: OperationId,
    /// Where it belongs.
    pub address: Address,
    /// The digest of the coordinator's own record: a replica with the same answers `Same`.
    pub digest: Option<Digest>,
}

/// The answers to items of [`ReplicaGet`]s.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaGot {
    /// The replica's view.
    pub view: View,
    /// One answer an item.
    pub items: Vec<(OperationId, ReplicaAnswer)>,
}

/// What a replica has under a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReplicaAnswer {
    /// The same record as the coordinator.
    Same,
    /// This encoded record.
    Record(Bytes),
    /// Nothing.
    Absent,
    /// No answer.
    Failed(ReplicaError),
}

/// Why a replica could not serve an item. None of these means "not found".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ReplicaError {
    /// The link to it is down, or went down.
    #[error("the link is down")]
    Unreachable,
    /// Its share of the coordinator's credits is spent.
    #[error("its credits are spent")]
    CreditsSpent,
    /// It takes no more for now.
    #[error("overloaded")]
    Overloaded,
    /// Its store has failed.
    #[error("its store failed: {0}")]
    StoreFailed(String),
    /// Its record's checksum is wrong.
    #[error("its record is corrupt")]
    Corrupt,
    /// It is rebuilding the slice from its peers.
    #[error("it is rebuilding the slice")]
    Rebuilding,
    /// It does not know the bucket.
    #[error("it does not know the bucket")]
    UnknownBucket,
    /// It does not own the partition in its view.
    #[error("it does not own the partition")]
    NotOwner,
    /// The record is too large to move.
    #[error("a record of {len} bytes is over the {limit} that move between nodes")]
    RecordTooLarge {
        /// The record's length.
        len: u64,
        /// How much moves.
        limit: u64,
    },
    /// The record that came is malformed.
    #[error("it could not decode the record")]
    Malformed,
    /// It restarted the shard that held the item.
    #[error("it restarted the shard")]
    Restarted,
    /// It did not answer in time.
    #[error("it did not answer in time")]
    Silent,
}

impl ReplicaError {
    /// Refuses to send a record that no link takes: it would break the link at each try.
    pub fn unless_it_moves(record: &[u8]) -> Result<(), Self> {
        let (len, limit) = (record.len() as u64, RECORD_LEN_CEILING as u64);
        match len > limit {
            true => Err(Self::RecordTooLarge { len, limit }),
            false => Ok(()),
        }
    }
}

/// Client requests that another node coordinates. They are never forwarded again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forward {
    /// The requests.
    pub items: Vec<ForwardItem>,
}

/// One forwarded request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForwardItem {
    /// Comes back in the answer.
    pub operation: OperationId,
    /// The kind of the client's frame.
    pub kind: Kind,
    /// How long the client will still wait.
    pub remaining_ms: u32,
    /// The body of the client's frame.
    pub body: Bytes,
}

/// The answers to forwarded requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forwarded {
    /// One answer an item.
    pub items: Vec<ForwardedItem>,
}

/// One answer, to be handed to the client as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForwardedItem {
    /// The item it answers.
    pub operation: OperationId,
    /// The body of the reply, or the error.
    pub outcome: Result<Bytes, RequestError>,
}

/// Reads the keys of a bucket in one partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaList {
    /// The bucket.
    pub bucket: BucketId,
    /// The partition.
    pub partition: u16,
    /// The stored key to begin behind; empty: from the partition's start.
    pub after: Bytes,
    /// How many keys at most.
    pub limit: u32,
}

/// Keys of one partition on one replica.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaListed {
    /// Each stored key, and whether it has a live value.
    pub keys: Vec<(Bytes, bool)>,
    /// The stored key up to which this answer is complete; empty: to the partition's end.
    pub through: Bytes,
}

/// Asks a peer for its buckets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketsQuery;

/// Every bucket a node knows, with those that are only prepared apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buckets {
    /// In use.
    pub active: Vec<Bucket>,
    /// Agreed to, not yet in use.
    pub prepared: Vec<Bucket>,
}

/// Asks a member to agree to a bucket, durably. The answer is what it has agreed to: another
/// bucket of that name, where one is in use or the first member has prepared one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketPrepare {
    /// The policy with its minted id.
    pub bucket: Bucket,
}

/// Tells a member that all have agreed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketActivate {
    /// The policy with its minted id.
    pub bucket: Bucket,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_no_link_takes_is_not_sent() {
        let record = vec![0; RECORD_LEN_CEILING + 1];
        let (len, limit) = (record.len() as u64, RECORD_LEN_CEILING as u64);
        let refused = Err(ReplicaError::RecordTooLarge { len, limit });
        assert_eq!(ReplicaError::unless_it_moves(&record), refused);
        assert_eq!(ReplicaError::unless_it_moves(&record[1..]), Ok(()));
    }
}
