//! A page of a listing, as a client was answered it.

use std::sync::Arc;

use bytes::Bytes;

use super::{Asked, Ended};

/// A page of a listing. Places are stored keys, or the beginning of those of a partition.
#[derive(Clone, Debug)]
pub struct Page {
    /// Who listed.
    pub client: String,
    /// The bucket's name.
    pub bucket: Arc<str>,
    /// The place that it begins behind; empty at the bucket's beginning.
    pub from: Bytes,
    /// How many keys it may show.
    pub limit: u32,
    /// When it was asked.
    pub asked: Asked,
    /// What it shows, or that it failed; nothing while it is under way.
    pub ended: Option<Ended<Option<Excerpt>>>,
}

/// What a page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The keys, as they came.
    pub keys: Vec<String>,
    /// The place up to which it goes; nothing: to the bucket's end.
    pub until: Option<Bytes>,
    /// The partitions of which keys may be missing, as the page itself says.
    pub incomplete: Vec<u16>,
}

impl Page {
    /// What it shows, if it was answered.
    pub fn shown(&self) -> Option<&Excerpt> {
        self.ended.as_ref()?.with.as_ref()
    }
}
