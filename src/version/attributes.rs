//! What a client may keep beside a value.

use serde::{Deserialize, Serialize};

/// Content type and user metadata of a value.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Attributes {
    /// A media type, or empty.
    pub content_type: String,
    /// Names and values of the client's own.
    pub metadata: Vec<(String, String)>,
}

impl Attributes {
    /// Their length in bytes, as the limit counts it.
    pub fn len(&self) -> usize {
        let metadata = self.metadata.iter();
        let metadata = metadata.map(|(name, value)| name.len() + value.len());
        self.content_type.len() + metadata.sum::<usize>()
    }

    /// Whether there is nothing to keep.
    pub fn is_empty(&self) -> bool {
        self.content_type.is_empty() && self.metadata.is_empty()
    }
}
