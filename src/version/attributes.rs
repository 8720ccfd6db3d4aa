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

/// What a pair costs beside its bytes: the markers of two strings.
const PAIR_OVERHEAD: usize = 2;

impl Attributes {
    /// Their length in bytes, as the limit counts it: a pair costs something even if both are
    /// empty.
    pub fn len(&self) -> usize {
        let metadata = self.metadata.iter();
        let metadata = metadata.map(|(name, value)| PAIR_OVERHEAD + name.len() + value.len());
        self.content_type.len() + metadata.sum::<usize>()
    }

    /// Whether there is nothing to keep.
    pub fn is_empty(&self) -> bool {
        self.content_type.is_empty() && self.metadata.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_pairs_are_counted_too() {
        let content_type = "text".to_owned();
        let pair = ("name".to_owned(), "value".to_owned());
        let metadata = vec![pair, Default::default()];
        let attributes = Attributes {
            content_type,
            metadata,
        };
        assert_eq!(attributes.len(), 4 + 2 + 9 + 2);
    }
}
