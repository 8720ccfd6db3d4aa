//! A key with its values, outside of a bucket.

use bytes::Bytes;

use super::json_lines::Entry;

/// A key with its values: one, or several siblings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What it is called in messages.
    pub name: String,
    pub key: Bytes,
    pub values: Vec<ItemValue>,
}

/// One value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ItemValue {
    pub bytes: Bytes,
    pub content_type: String,
}

impl Item {
    /// The bytes of all values together.
    pub fn len(&self) -> u64 {
        self.values
            .iter()
            .map(|value| value.bytes.len() as u64)
            .sum()
    }
}

impl From<Entry> for ItemValue {
    fn from(entry: Entry) -> Self {
        Self {
            bytes: entry.value.into(),
            content_type: entry.content_type,
        }
    }
}

impl From<cartwheel_client::Value> for ItemValue {
    fn from(value: cartwheel_client::Value) -> Self {
        Self {
            bytes: value.bytes,
            content_type: value.attributes.content_type,
        }
    }
}
