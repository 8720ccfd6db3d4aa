//! What the clients of a run know: all that the checker judges by.

mod bucket_key;
mod context_digest;
mod forgotten;
mod json;
mod names;
mod page;

use std::cell::RefCell;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use cartwheel::bucket::Bucket;
use cartwheel::version::{ConflictRule, Dot, RequestId, Stamp};

pub use bucket_key::{BucketKey, DEFAULT};
pub use context_digest::ContextDigest;
pub use forgotten::{Forgotten, Knowledge};
pub use json::json_lines;
pub(crate) use names::{NAME, name_of};
pub use page::{Excerpt, Page};

/// What a write ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is kept.
    Acknowledged,
    /// It may be kept, now or later.
    Unknown,
    /// It is surely not kept: that was promised.
    Refused,
}

/// When something was asked, and until when the answer had to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Its place among all operations of the run.
    pub number: u64,
    /// The simulated time at which it was asked.
    pub at: Duration,
    /// How long the answer could take.
    pub patience: Duration,
}

/// How something ended, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended<T> {
    /// The simulated time at which it ended.
    pub at: Duration,
    /// What it ended with.
    pub with: T,
}

/// A put or a delete.
#[derive(Clone, Debug)]
pub struct Write {
    /// Who wrote.
    pub client: String,
    /// The id under which it was sent. Writes that share one are attempts of one write, which
    /// their client has told to be so.
    pub request: RequestId,
    /// What was written to.
    pub key: BucketKey,
    /// The name of the value, which no other has; a delete has none.
    pub value: Option<String>,
    /// The beginning of the value as text.
    pub text: Option<String>,
    /// The values that its context covered for all that its writer knows.
    pub covers: BTreeSet<String>,
    /// The greatest stamp that its context covered, where the last writer wins.
    pub handed: Stamp,
    /// The context that it handed in.
    pub context_in: Option<ContextDigest>,
    /// The context that its acknowledgement brought.
    pub context_out: Option<ContextDigest>,
    /// When it was asked.
    pub asked: Asked,
    /// Nothing while it is under way.
    pub ended: Option<Ended<Outcome>>,
    /// The dot that the acknowledgement told of.
    pub dot: Option<Dot>,
    /// The stamp of that dot, where the last writer wins and the acknowledgement told it.
    pub stamp: Option<Stamp>,
    /// Whether an acknowledgement has counted a synced copy, though its bucket is buffered.
    pub synced: bool,
    /// Whether it reached one coordinator at most: a write that was sent again may have two
    /// dots, and come back beside a value that replaced one of them.
    pub once: bool,
    /// Whether it asked for as many acknowledgements as its bucket does, or more: of others
    /// nothing is promised to strict reads.
    pub strict: bool,
}

impl Write {
    /// What is known of its outcome.
    pub fn outcome(&self) -> Outcome {
        self.ended.map_or(Outcome::Unknown, |ended| ended.with)
    }

    /// What may be expected of it: an acknowledgement by too few owners promises nothing.
    pub fn promise(&self) -> Outcome {
        match self.outcome() {
            Outcome::Acknowledged if !self.strict => Outcome::Unknown,
            outcome => outcome,
        }
    }

    /// Whether it may be kept.
    pub fn is_possible(&self) -> bool {
        self.outcome() != Outcome::Refused
    }

    /// When it was acknowledged by as many owners as its bucket asks for, if it was.
    pub fn acknowledged_at(&self) -> Option<Duration> {
        let acknowledged = self.promise() == Outcome::Acknowledged;
        self.ended.filter(|_| acknowledged).map(|ended| ended.at)
    }
}

/// A read.
#[derive(Clone, Debug)]
pub struct Read {
    /// Who read.
    pub client: String,
    /// What was read.
    pub key: BucketKey,
    /// The values that the context it handed in has seen; none if it handed in none.
    pub seen: BTreeSet<String>,
    /// The greatest stamp that the context it handed in has seen, where the last writer wins.
    pub handed: Stamp,
    /// The context that it handed in.
    pub context_in: Option<ContextDigest>,
    /// The context that its answer brought.
    pub context_out: Option<ContextDigest>,
    /// When it was asked.
    pub asked: Asked,
    /// What it found, in order, or that it failed; nothing while it is under way.
    pub ended: Option<Ended<Option<Vec<String>>>>,
    /// The stamp of what it found, where the last writer wins.
    pub stamp: Stamp,
    /// Whether it asked as many owners as its bucket does, or more: others may miss what was
    /// kept.
    pub strict: bool,
}

/// A time in which an owner of a key may lack, unknown to itself, what it had acknowledged.
#[derive(Clone, Debug)]
pub struct Damage {
    /// The key.
    pub key: BucketKey,
    /// When its record was lost.
    pub from: Duration,
    /// Nothing while it lasts.
    pub until: Option<Duration>,
}

impl Damage {
    /// Whether it met a read of that time.
    pub fn meets(&self, asked: Duration, ended: Duration) -> bool {
        self.from <= ended && self.until.is_none_or(|until| asked <= until)
    }
}

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
