//! What the clients of a run know: all that the checker judges by.

mod bucket_key;
mod context_digest;
mod damage;
mod forgotten;
mod json;
mod names;
mod operation;
mod page;
mod read;
mod write;

use std::cell::RefCell;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use cartwheel::bucket::Bucket;
use cartwheel::version::{ConflictRule, Dot, Stamp};

pub use bucket_key::{BucketKey, DEFAULT};
pub use context_digest::ContextDigest;
pub use damage::Damage;
pub use forgotten::{Forgotten, Knowledge};
pub use json::json_lines;
pub(crate) use names::{NAME, name_of};
pub use operation::{Asked, Ended};
pub use page::{Excerpt, Page};
pub use read::Read;
pub use write::{Outcome, Write};

/// The versions of a key, by what decides between them, each with the name of its value; a delete
/// has none.
pub type Versions = BTreeMap<(Stamp, Dot), Option<String>>;

/// The history of a run.
#[derive(Debug, Default)]
pub struct History {
    /// Puts and deletes, in the order in which they were asked.
    pub writes: Vec<Write>,
    /// Reads, in the order in which they were asked.
    pub reads: Vec<Read>,
    /// Pages of listings, in the order in which they were asked.
    pub pages: Vec<Page>,
    /// The number of leading bits of a key's hash that name its partition.
    pub partition_bits: u8,
    /// Every bucket that a client has opened, by its name.
    pub buckets: BTreeMap<String, Arc<Bucket>>,
    /// Every key that was asked for, but for those that no node takes.
    pub keys: BTreeSet<BucketKey>,
    /// The times in which owners lacked what they had acknowledged.
    pub damages: Vec<Damage>,
    /// What owners of buffered buckets have forgotten when they lost power.
    pub forgotten: Vec<Forgotten>,
    /// Every dot that was seen anywhere, with the key and value that it names.
    pub dots: BTreeMap<Dot, (BucketKey, String)>,
    /// The versions of every key where the last writer wins.
    pub versions: BTreeMap<BucketKey, Versions>,
    /// Of every key of a buffered bucket, the dots of each value.
    pub(crate) buffered: BTreeMap<BucketKey, BTreeMap<String, BTreeSet<Dot>>>,
    /// Dots that named two things.
    pub twice: Vec<String>,
    /// What every key held when all was healed, read from all owners.
    pub last: BTreeMap<BucketKey, BTreeSet<String>>,
    /// Extensions write as well: they may replace what a client has put, no sooner than this after
    /// it was asked. Nothing if only clients write.
    pub extensions_write_after: Option<Duration>,
    /// How often what must happen sometimes has happened.
    pub happened: BTreeMap<&'static str, u64>,
    /// How often each fault, or its end, came.
    pub faults: BTreeMap<&'static str, u64>,
    /// By key and context, the values that it is known to cover.
    pub(crate) contexts: BTreeMap<(BucketKey, Vec<u8>), BTreeSet<String>>,
    /// How many operations were begun.
    pub(crate) begun: u64,
    /// How many clients were made.
    clients: u64,
    /// A client dies at this time: what is given up now is so for that.
    pub(crate) dying: Option<Duration>,
}

impl History {
    /// Notes that something happened that must happen sometimes.
    pub fn happened(&mut self, what: &'static str) {
        *self.happened.entry(what).or_default() += 1;
    }

    /// What becomes of concurrent values of a key.
    pub(crate) fn conflict(&self, key: &BucketKey) -> ConflictRule {
        let policy = self.buckets.get(&*key.bucket);
        policy.map_or(ConflictRule::Siblings, |policy| policy.conflict)
    }

    /// Notes a version of a key where the last writer wins.
    pub(crate) fn version(
        &mut self,
        dot: Dot,
        key: &BucketKey,
        stamp: Stamp,
        name: Option<String>,
    ) {
        let what = format!(
            "{} stamped {}",
            name.as_deref().unwrap_or("a delete"),
            stamp.0
        );
        self.dot(dot, key, &what);
        let versions = self.versions.entry(key.clone()).or_default();
        versions.insert((stamp, dot), name);
    }

    /// Whether an acknowledgement of a key promises that it is synced.
    pub(crate) fn is_synced(&self, key: &BucketKey) -> bool {
        let policy = self.buckets.get(&*key.bucket);
        policy.is_none_or(|policy| policy.durability.is_synced())
    }

    /// Notes that a key was asked for; one that no node takes has no place to be looked at.
    pub(crate) fn asks_for(&mut self, key: &BucketKey, policy: &Bucket) {
        let longest = usize::try_from(policy.key_len_max).unwrap_or(usize::MAX);
        if (1..=longest).contains(&key.key.len()) && !self.keys.contains(key) {
            self.keys.insert(key.clone());
        }
    }

    /// Notes the policy of a bucket, as the cluster has answered it. One name is one bucket for
    /// ever; false if it was another until now.
    pub(crate) fn opens(&mut self, policy: &Arc<Bucket>) -> bool {
        let known = self.buckets.entry(policy.name.clone());
        known.or_insert_with(|| Arc::clone(policy)) == policy
    }

    /// The number of a client that is made now.
    pub(crate) fn next_client(&mut self) -> u64 {
        self.clients += 1;
        self.clients
    }

    /// The values that a context of a key is known to cover.
    pub(crate) fn covered(&self, key: &BucketKey, context: &[u8]) -> BTreeSet<String> {
        let place = (key.clone(), context.to_vec());
        self.contexts.get(&place).cloned().unwrap_or_default()
    }

    /// Notes values that a context covers.
    pub(crate) fn covers(&mut self, key: &BucketKey, context: &[u8], values: BTreeSet<String>) {
        let place = (key.clone(), context.to_vec());
        match self.contexts.entry(place) {
            // Most contexts are new, and cover all that was ever written.
            Entry::Vacant(unknown) => {
                unknown.insert(values);
            }
            Entry::Occupied(known) => known.into_mut().extend(values),
        }
    }

    /// Notes what a dot names.
    pub fn dot(&mut self, dot: Dot, key: &BucketKey, value: &str) {
        match self.dots.get(&dot) {
            Some((first, named)) if first == key && named == value => {}
            Some(first) => {
                let twice = format!("{dot} is {first:?} and {:?}", (key, value));
                self.twice.push(twice);
            }
            None => {
                self.dots.insert(dot, (key.clone(), value.to_owned()));
                if !self.is_synced(key) {
                    let values = self.buffered.entry(key.clone()).or_default();
                    values.entry(value.to_owned()).or_default().insert(dot);
                }
            }
        }
    }
}

/// The history while the run goes on.
pub type SharedHistory = Rc<RefCell<History>>;
