//! A disk with a write-ahead log: what is synced, and the batches that are only written.

use std::collections::VecDeque;

use super::image::{Image, flipped};
use crate::store::{Batch, Family};

/// `current` is always `synced` and the tail on top of it.
#[derive(Debug, Default)]
pub(super) struct Disk {
    synced: Image,
    current: Image,
    tail: VecDeque<Batch>,
}

impl Disk {
    pub(super) fn holding(image: Image) -> Self {
        Self {
            synced: image.clone(),
            current: image,
            tail: VecDeque::new(),
        }
    }

    /// What a reader sees, synced or not.
    pub(super) fn current(&self) -> &Image {
        &self.current
    }

    pub(super) fn unsynced(&self) -> usize {
        self.tail.len()
    }

    pub(super) fn write(&mut self, batch: Batch) {
        self.current.apply(&batch);
        self.tail.push_back(batch);
    }

    pub(super) fn sync(&mut self) {
        for batch in self.tail.drain(..) {
            self.synced.apply(&batch);
        }
    }

    /// Loses the tail but for its first batches: never one without those before it.
    /// What a store finds when it opens it makes durable, so nothing is left unsynced.
    pub(super) fn crash(&mut self, keep: usize) {
        self.tail.truncate(keep);
        self.sync();
        self.current = self.synced.clone();
    }

    /// Damages a value wherever it is kept, so that neither a sync nor a crash heals it.
    pub(super) fn corrupt(&mut self, family: Family, key: &[u8], at: usize) -> bool {
        for batch in &mut self.tail {
            *batch = corrupted(batch, family, key, at);
        }
        self.synced.corrupt(family, key, at);
        self.current.corrupt(family, key, at)
    }
}

fn corrupted(batch: &Batch, family: Family, key: &[u8], at: usize) -> Batch {
    let mut copy = Batch::new();
    for entry in batch.entries() {
        let hit = entry.family == family && entry.key == key;
        match &entry.value {
            Some(value) if hit => copy.put(family, entry.key.clone(), flipped(value, at)),
            Some(value) => copy.put(entry.family, entry.key.clone(), value.clone()),
            None => copy.delete(entry.family, entry.key.clone()),
        }
    }
    copy
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn put(value: &'static [u8]) -> Batch {
        let mut batch = Batch::new();
        batch.put(
            Family::Objects,
            Bytes::from_static(b"key"),
            Bytes::from_static(value),
        );
        batch
    }

    fn value(disk: &Disk) -> Option<Bytes> {
        disk.current().get(Family::Objects, b"key")
    }

    #[test]
    fn a_crash_keeps_the_beginning_of_the_tail() {
        let mut disk = Disk::default();
        disk.write(put(b"1"));
        disk.sync();
        disk.write(put(b"2"));
        disk.write(put(b"3"));
        assert_eq!(value(&disk).unwrap(), "3");
        disk.crash(1);
        assert_eq!(value(&disk).unwrap(), "2");
        disk.crash(0);
        assert_eq!(
            value(&disk).unwrap(),
            "2",
            "a second crash has nothing to lose"
        );
    }

    #[test]
    fn corruption_is_healed_neither_by_a_sync_nor_by_a_crash() {
        let mut disk = Disk::default();
        disk.write(put(b"1"));
        disk.sync();
        disk.write(put(b"1"));
        assert!(disk.corrupt(Family::Objects, b"key", 7));
        assert_eq!(value(&disk).unwrap(), "0");
        disk.crash(0);
        assert_eq!(value(&disk).unwrap(), "0");

        disk.write(put(b"3"));
        assert!(disk.corrupt(Family::Objects, b"key", 0));
        disk.sync();
        disk.crash(0);
        assert_eq!(value(&disk).unwrap(), "2");
    }

    #[test]
    fn what_is_not_there_is_not_corrupted() {
        let mut disk = Disk::default();
        disk.write(put(b""));
        assert!(!disk.corrupt(Family::Objects, b"key", 0));
        assert!(!disk.corrupt(Family::Meta, b"key", 0));
    }
}
