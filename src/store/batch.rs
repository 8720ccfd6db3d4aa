//! What one commit writes: records and all that belongs to them, together or not at all.

use std::borrow::Cow;

use bytes::Bytes;

/// A column family. The numbers are stored: they never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Family {
    /// Records by stored key.
    Objects = 1,
    /// Leaves of the Merkle trees and clocks of the slices.
    Trees = 2,
    /// Hints by target.
    Hints = 3,
    /// The store's own identity, bucket policies, layouts.
    Meta = 4,
    /// What an extension keeps for itself, by the extension's name.
    Extension(&'static str) = 5,
}

impl Family {
    /// Every family of ours, in the order of their numbers.
    pub const OURS: [Self; 4] = [Self::Objects, Self::Trees, Self::Hints, Self::Meta];

    /// The name of the family on disk.
    pub fn name(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Objects => "objects",
            Self::Trees => "trees",
            Self::Hints => "hints",
            Self::Meta => "meta",
            // None of ours has a dot in its name.
            Self::Extension(name) => return Cow::Owned(format!("extension.{name}")),
        })
    }
}

/// One change within a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchEntry {
    /// Where.
    pub family: Family,
    /// Under which key.
    pub key: Bytes,
    /// The new value, or nothing: the key is removed.
    pub value: Option<Bytes>,
}

/// Changes that are written together or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    entries: Vec<BatchEntry>,
}

impl Batch {
    /// A batch that changes nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a key.
    pub fn put(&mut self, family: Family, key: Bytes, value: Bytes) {
        let value = Some(value);
        self.entries.push(BatchEntry { family, key, value });
    }

    /// Sets a key that this batch has set before, and says how long the value was that it
    /// would have had; sets it anew if there is none.
    pub fn replace(&mut self, family: Family, key: Bytes, value: Bytes) -> usize {
        let mut entries = self.entries.iter_mut().rev();
        let older = entries.find(|entry| entry.family == family && entry.key == key);
        if let Some(BatchEntry {
            value: Some(older), ..
        }) = older
        {
            return std::mem::replace(older, value).len();
        }
        self.put(family, key, value);
        0
    }

    /// Removes a key.
    pub fn delete(&mut self, family: Family, key: Bytes) {
        let value = None;
        self.entries.push(BatchEntry { family, key, value });
    }

    /// The changes in order.
    pub fn entries(&self) -> &[BatchEntry] {
        &self.entries
    }

    /// How many bytes of keys and values it carries.
    pub fn bytes(&self) -> usize {
        let value = |entry: &BatchEntry| entry.value.as_ref().map_or(0, Bytes::len);
        let bytes = |entry: &BatchEntry| entry.key.len() + value(entry);
        self.entries.iter().map(bytes).sum()
    }

    /// How many changes there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
