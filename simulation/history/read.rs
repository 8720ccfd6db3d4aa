//! A read, as its client knows it.

use std::collections::BTreeSet;

use cartwheel::version::Stamp;

use super::{Asked, BucketKey, ContextDigest, Ended};

/// A read.
#[derive(Clone, Debug)]
pub struct Read {
    /// Who read.
    pub client: String,
    /// What was read.
    pub key: BucketKey,
    /// The values that the context it handed in has seen; none if it handed in none.
    pub seen: BTreeSet<String>,
    /// The greatest stamp that the context it handed in has seen, where the last writer wins.
    pub handed: Stamp,
    /// The context that it handed in.
    pub context_in: Option<ContextDigest>,
    /// The context that its answer brought.
    pub context_out: Option<ContextDigest>,
    /// When it was asked.
    pub asked: Asked,
    /// What it found, in order, or that it failed; nothing while it is under way.
    pub ended: Option<Ended<Option<Vec<String>>>>,
    /// The stamp of what it found, where the last writer wins.
    pub stamp: Stamp,
    /// Whether it asked as many owners as its bucket does, or more: others may miss what was
    /// kept.
    pub strict: bool,
}
