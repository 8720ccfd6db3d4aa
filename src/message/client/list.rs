//! Listing the keys of a bucket, a page at a time.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// Asks for the next keys of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// The bucket's name.
    pub bucket: String,
    /// Where the last page ended; empty: from the start.
    pub cursor: Bytes,
    /// How many keys at most.
    pub limit: u32,
}

/// Keys in the order of their hash: every key that existed throughout the listing comes
/// exactly once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The keys.
    pub keys: Vec<Bytes>,
    /// Where the next page begins; empty: this was the last.
    pub next: Bytes,
    /// The partitions of this page for which fewer than r owners answered.
    pub incomplete: Vec<u16>,
}
