//! What nodes give to their stores: every version that there ever was, seen once.

use cartwheel::store::StoredKey;
use cartwheel::version::{ConflictRule, Record};

use super::Saboteur;
use crate::disk::name_of_version;

impl Saboteur {
    /// Notes the versions of all records that were given to a store since the last time.
    pub fn note_versions(&mut self) {
        for disk in &self.disks {
            for (stored, record) in disk.store.take_submitted() {
                let stored = StoredKey::parse(stored);
                let key = stored
                    .ok()
                    .and_then(|stored| self.ledger.placement().key(&stored));
                let (Some(key), Ok(record)) = (key, Record::decode(&record)) else {
                    continue;
                };
                let mut history = self.history.borrow_mut();
                let lww = history.conflict(&key) == ConflictRule::Lww;
                for version in record.versions() {
                    let name = name_of_version(version);
                    match lww {
                        true => history.version(version.dot, &key, version.stamp, name),
                        false => name
                            .iter()
                            .for_each(|name| history.dot(version.dot, &key, name)),
                    }
                }
            }
        }
    }
}
