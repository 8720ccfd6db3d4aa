//! The newest record of every key whose batch is not yet committed.

use bytes::Bytes;

use crate::lookup::Lookup;
use crate::store::{StoredKey, Ticket};

/// A record on its way to the store.
#[derive(Clone, Debug)]
pub(super) struct Unwritten {
    pub(super) record: Bytes,
    pub(super) ticket: Ticket,
}

#[derive(Debug)]
pub(super) struct Overlay {
    records: Lookup<StoredKey, Unwritten>,
}

impl Overlay {
    pub(super) fn seeded(seed: u64) -> Self {
        let records = Lookup::seeded(seed);
        Self { records }
    }

    pub(super) fn get(&self, key: &StoredKey) -> Option<&Unwritten> {
        self.records.get(key)
    }

    pub(super) fn insert(&mut self, key: StoredKey, record: Bytes, ticket: Ticket) {
        self.records.insert(key, Unwritten { record, ticket });
    }

    /// Takes the record out if it is still the one that the ticket's batch wrote.
    pub(super) fn written(&mut self, key: &StoredKey, ticket: Ticket) -> Option<Bytes> {
        if self.records.get(key)?.ticket != ticket {
            return None;
        }
        self.records.remove(key).map(|unwritten| unwritten.record)
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    pub(super) fn clear(&mut self) {
        self.records.clear();
    }
}
