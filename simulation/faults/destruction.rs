//! Disks that lose, mix up or garble what they keep, within what the owners of a key can bear.

use std::rc::Rc;

use cartwheel::store::Family;
use turmoil::Sim;

use super::{KeyChoice, Saboteur};
use crate::disk::values;
use crate::history::BucketKey;

impl Saboteur {
    pub(super) fn wipe(&mut self, sim: &mut Sim<'_>, node: u64) {
        self.crash(sim, node);
        if self.ledger.allows_all(node) {
            self.ledger.forget(node, sim.elapsed());
            self.losing(node, sim.elapsed(), |saboteur| {
                saboteur.disk(node).store.memory().wipe();
            });
            self.history.borrow_mut().happened("a store that was wiped");
        }
    }

    pub(super) fn roll_back(&mut self, sim: &mut Sim<'_>, node: u64) {
        self.crash(sim, node);
        let mut changed = false;
        if self.ledger.allows_all(node) {
            self.losing(node, sim.elapsed(), |saboteur| {
                changed = saboteur.disk(node).change_places();
            });
        }
        if changed {
            self.ledger.forget(node, sim.elapsed());
            let what = "a store that was rolled back";
            self.history.borrow_mut().happened(what);
        }
    }

    pub(super) fn corrupt_one(&mut self, node: u64, key: &KeyChoice, at: usize) {
        let key = key.of(&self.history.borrow().keys);
        if let Some(key) = key {
            self.corrupt(node, &key, at);
        }
    }

    fn corrupt(&mut self, node: u64, key: &BucketKey, at: usize) {
        let stored = self.ledger.placement().stored(key);
        let memory = Rc::clone(self.disk(node));
        let memory = memory.store.memory();
        let family = Family::Objects;
        if self.ledger.allows(node, key) && memory.corrupt(family, stored.as_bytes(), at) {
            self.ledger.damage(node, key);
            self.history
                .borrow_mut()
                .happened("a record that was corrupted");
        }
    }

    pub(super) fn corrupt_unshared(&mut self, node: u64, lacking: u64) {
        let keys = self.history.borrow().keys.clone();
        for key in keys {
            let stored = self.ledger.placement().stored(&key);
            let known = values(self.disk(lacking).found(&stored).as_ref());
            let unshared = values(self.disk(node).found(&stored).as_ref());
            let owners = self.ledger.placement().owners(&key);
            let news = unshared.iter().any(|value| !known.contains(value));
            if owners.contains(&lacking) && news {
                let at = usize::try_from(self.dice.below(1 << 16)).unwrap_or(0);
                self.corrupt(node, &key, at);
            }
        }
    }

    pub(super) fn unreadable(&mut self, node: u64, key: &KeyChoice, times: u32) {
        let key = key.of(&self.history.borrow().keys);
        if let Some(key) = key.filter(|key| self.ledger.allows(node, key)) {
            self.ledger.damage(node, &key);
            let stored = self.ledger.placement().stored(&key);
            self.disk(node).store.fail_reads(stored.as_bytes(), times);
        }
    }
}
