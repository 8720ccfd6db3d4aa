//! A short name of a context, by which a reader of a history sees who handed in whose.

use std::fmt;

use xxhash_rust::xxh3::xxh3_64;

/// A short name of a context's sealed bytes: whoever hands in what another was answered has the
/// same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ContextDigest(u64);

impl ContextDigest {
    /// The name of these bytes; an empty context says nothing, and has none.
    pub fn of(context: &[u8]) -> Option<Self> {
        (!context.is_empty()).then(|| Self(xxh3_64(context)))
    }
}

impl fmt::Display for ContextDigest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:016x}", self.0)
    }
}
