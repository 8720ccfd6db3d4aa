//! Copies of a node's directory, as a backup or another machine has them.

use std::cell::RefCell;

use cartwheel::store::{Image, MemoryStore};

/// The copy of a directory that lies beside it.
#[derive(Default)]
pub struct Copies(RefCell<Option<Image>>);

impl Copies {
    /// What the directory holds now is kept, in place of an earlier copy.
    pub fn make(&self, store: &MemoryStore) {
        *self.0.borrow_mut() = Some(store.snapshot());
    }

    /// The copy takes the place of the directory, which is kept as the copy: a second time, the
    /// lives of both have gone on from one past. False if there is no copy.
    pub fn change_places(&self, store: &MemoryStore) -> bool {
        let mut copy = self.0.borrow_mut();
        let Some(older) = copy.take() else {
            return false;
        };
        *copy = Some(store.snapshot());
        store.restore(older);
        true
    }
}
