//! What a disk holds: a sorted map per family.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ops::Bound;

use bytes::{Bytes, BytesMut};

use crate::store::{Batch, Family, Range, RangeRead};

/// The records of all families; cheap enough to clone for a test.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    families: BTreeMap<Family, BTreeMap<Bytes, Bytes>>,
}

impl Image {
    /// Applies all of a batch, in its order.
    pub(super) fn apply(&mut self, batch: &Batch) {
        for entry in batch.entries() {
            let family = self.families.entry(entry.family).or_default();
            match &entry.value {
                Some(value) => family.insert(entry.key.clone(), value.clone()),
                None => family.remove(&entry.key),
            };
        }
    }

    pub(super) fn get(&self, family: Family, key: &[u8]) -> Option<Bytes> {
        self.families.get(&family)?.get(key).cloned()
    }

    pub(super) fn scan(
        &self,
        family: Family,
        from: &[u8],
        until: &[u8],
    ) -> impl Iterator<Item = (Bytes, Bytes)> {
        // `range` panics on a range that ends before it begins; to a store it is merely empty.
        let family = self.families.get(&family).filter(|_| from < until);
        let bounds = (Bound::Included(from), Bound::Excluded(until));
        let entries = family
            .into_iter()
            .flat_map(move |map| map.range::<[u8], _>(bounds));
        entries.map(|(key, value)| (key.clone(), value.clone()))
    }

    pub(super) fn range(&self, range: &Range) -> RangeRead {
        let entries = self.scan(range.family, &range.from, &range.until);
        let Ok(read) = range.read(entries.map(Ok::<_, Infallible>));
        read
    }

    /// Damages a value, if there is one with a byte to damage.
    pub(super) fn corrupt(&mut self, family: Family, key: &[u8], at: usize) -> bool {
        let family = self.families.get_mut(&family);
        match family.and_then(|map| map.get_mut(key)) {
            Some(value) if !value.is_empty() => {
                *value = flipped(value, at);
                true
            }
            _ => false,
        }
    }
}

/// The value with a bit flipped in the byte at `at`, counted round its length.
pub(super) fn flipped(value: &Bytes, at: usize) -> Bytes {
    let mut bytes = BytesMut::from(&value[..]);
    if let Some(at) = at.checked_rem(bytes.len()) {
        bytes[at] ^= 1;
    }
    bytes.freeze()
}
