//! Get, put and delete, single and in batches.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Explain, RequestError};
use crate::version::{Attributes, RequestId};

/// Quorum numbers that override the bucket's for one request; zero leaves the bucket's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuorumOptions {
    /// How many owners must answer a read.
    pub r: u8,
    /// How many owners must acknowledge a write.
    pub w: u8,
    /// How many of a read's answers must come from owners.
    pub pr: u8,
    /// How many of a write's acknowledgements must come from owners.
    pub pw: u8,
    /// How many of a write's acknowledgements must be synced to disk.
    pub dw: u8,
    /// Whether the answer says how it came about.
    pub explain: bool,
}

/// Reads a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Get {
    /// The bucket's name.
    pub bucket: String,
    /// The key.
    pub key: Bytes,
    /// What the client has seen already, or empty: the answer will cover it.
    pub context: Bytes,
    /// Overrides of the bucket's quorum.
    pub options: QuorumOptions,
}

/// One value of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sibling {
    /// The value.
    pub value: Bytes,
    /// Its content type and metadata, if it was written with any.
    pub attributes: Option<Box<Attributes>>,
}

/// The values of a key: none if it does not exist, several if they are concurrent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Got {
    /// The siblings.
    pub values: Vec<Sibling>,
    /// What the client has seen now; a write hands it back.
    pub context: Bytes,
    /// How the answer came about, where asked for.
    pub explain: Option<Box<Explain>>,
}

/// Writes a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Put {
    /// The bucket's name.
    pub bucket: String,
    /// The key.
    pub key: Bytes,
    /// The value.
    pub value: Bytes,
    /// What the value replaces, as a read or write answered it; empty: nothing.
    pub context: Bytes,
    /// Random, and the same for every retry of this write.
    pub request: RequestId,
    /// Content type and metadata to keep with the value.
    pub attributes: Option<Box<Attributes>>,
    /// Overrides of the bucket's quorum.
    pub options: QuorumOptions,
}

/// A put that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutDone {
    /// Covers what the put replaced, and the value put.
    pub context: Bytes,
    /// How the answer came about, where asked for.
    pub explain: Option<Box<Explain>>,
}

/// Removes exactly the values that a context covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delete {
    /// The bucket's name.
    pub bucket: String,
    /// The key.
    pub key: Bytes,
    /// What is deleted, as a read or write answered it; never empty.
    pub context: Bytes,
    /// Random, and the same for every retry of this delete.
    pub request: RequestId,
    /// Overrides of the bucket's quorum.
    pub options: QuorumOptions,
}

/// A delete that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deleted {
    /// Covers what was deleted.
    pub context: Bytes,
    /// How the answer came about, where asked for.
    pub explain: Option<Box<Explain>>,
}

/// Reads several keys, each for itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetBatch {
    /// The reads.
    pub items: Vec<Get>,
}

/// Writes several keys, each for itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutBatch {
    /// The writes.
    pub items: Vec<Put>,
}

/// Deletes from several keys, each for itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteBatch {
    /// The deletes.
    pub items: Vec<Delete>,
}

/// The outcome of each item of a batch, in the order of the items.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcomes<T> {
    /// One outcome an item.
    pub items: Vec<Result<T, RequestError>>,
}
