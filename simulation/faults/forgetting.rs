//! What the owners of buffered buckets forget when they lose power, so that nothing else is
//! excused.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cartwheel::version::{Dot, Record};

use super::{Saboteur, disk};
use crate::disk::is_whole;
use crate::history::{BucketKey, Forgotten, Knowledge};

/// What an owner knows of a key.
struct Known {
    record: Record,
    live: BTreeSet<Dot>,
}

impl Known {
    /// Whether it knows this of a value with these dots.
    fn knows(&self, what: Knowledge, dots: &BTreeSet<Dot>) -> bool {
        let seen = |dot: &Dot| self.record.history().contains(*dot);
        dots.iter().any(seen) && (what == Knowledge::Value || dots.is_disjoint(&self.live))
    }
}

impl Saboteur {
    /// Lets a node lose something, and notes what it has forgotten by it.
    pub(super) fn losing(&mut self, node: u64, now: Duration, lose: impl FnOnce(&mut Self)) {
        self.note_versions();
        let before = self.all_known(node);
        lose(self);
        let mut forgotten = Vec::new();
        for (key, before) in before {
            let after = self.known(node, &key);
            let history = self.history.borrow();
            for (value, dots) in history.buffered.get(&key).into_iter().flatten() {
                for what in [Knowledge::Value, Knowledge::Replacement] {
                    if before.knows(what, dots) && !after.knows(what, dots) {
                        forgotten.push(Forgotten {
                            key: key.clone(),
                            value: value.clone(),
                            owner: node,
                            what,
                            from: now,
                            until: None,
                        });
                    }
                }
            }
        }
        let mut history = self.history.borrow_mut();
        if !forgotten.is_empty() {
            history.happened("an owner that forgot what it had not synced");
        }
        history.forgotten.extend(forgotten);
    }

    /// Notes what owners know again.
    pub(super) fn remember(&mut self, now: Duration) {
        let mut known: BTreeMap<(u64, BucketKey), Known> = BTreeMap::new();
        let mut again = Vec::new();
        let history = self.history.borrow();
        for (at, one) in history.forgotten.iter().enumerate() {
            if one.until.is_some() {
                continue;
            }
            let place = (one.owner, one.key.clone());
            let known = known.entry(place);
            let known = known.or_insert_with(|| self.known(one.owner, &one.key));
            let dots = history.buffered.get(&one.key);
            let dots = dots.and_then(|names| names.get(&one.value));
            again.extend(dots.filter(|dots| known.knows(one.what, dots)).map(|_| at));
        }
        drop(history);
        let forgotten = &mut self.history.borrow_mut().forgotten;
        again
            .into_iter()
            .for_each(|at| forgotten[at].until = Some(now));
    }

    fn all_known(&self, node: u64) -> BTreeMap<BucketKey, Known> {
        let history = self.history.borrow();
        let keys = history.buffered.keys();
        let keys = keys.filter(|key| self.ledger.placement().owners(key).contains(&node));
        keys.map(|key| (key.clone(), self.known(node, key)))
            .collect()
    }

    fn known(&self, node: u64, key: &BucketKey) -> Known {
        let stored = self.ledger.placement().stored(key);
        let record = disk(&self.disks, node).found(&stored).filter(is_whole);
        let record = record.and_then(|record| Record::decode(&record).ok());
        let record = record.unwrap_or_default();
        let live = record.dots().collect();
        Known { record, live }
    }
}
