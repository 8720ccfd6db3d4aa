//! What no history may show, judged by what the clients saw: one sweep over each key.
//!
//! At strict quorums a key is a set of values that every client sees move forward:
//!
//! ```text
//!   acknowledged, or shown by a read ──► must be shown by every later read …
//!   … until a write is asked whose context has seen it  ──► may be shown or not …
//!   … until that write is acknowledged or shown, or a read lacks the value ──► never again
//! ```
//!
//! What a read has shown stays only where two reads have an owner in common: elsewhere, with few
//! answers to a read and many to a write, an acknowledgement alone promises something.
//!
//! A write of unknown outcome may replace what its context covered and may never do so. While
//! an owner is wiped, quorums of others need not meet; then only what a read's own context
//! has seen must be shown. Where extensions write as well, each value may be replaced by one of
//! them from a time on that the run has stated.
//!
//! A write that its client has sent again under its request id is one write: see `repeated.rs`.
//! What a buffered bucket may lose is in `promise.rs`.
//! Where the last writer wins, `lww.rs` has the rule instead.
//! What a listing may and must show is in `listing.rs`.

mod deletes;
mod ending;
mod key;
mod listing;
mod lww;
mod promise;
mod repeated;
mod unrecorded;

use std::collections::BTreeMap;
use std::time::Duration;

use cartwheel::version::{ConflictRule, RequestId};

use crate::history::{Asked, BucketKey, History, Page, Read, Write};

/// What a history must not show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// An acknowledged value that nothing kept has replaced is gone at the end.
    Lost {
        /// The key.
        key: BucketKey,
        /// The value.
        value: String,
    },
    /// A value is there at the end although an acknowledged write replaced it.
    Resurrected {
        /// The key.
        key: BucketKey,
        /// The value.
        value: String,
    },
    /// A value that nobody wrote, or not yet, or whose write was refused.
    Invented {
        /// The key.
        key: BucketKey,
        /// The value.
        value: String,
        /// When it was shown.
        at: Duration,
    },
    /// A read does not show a value that was kept, and that no write has replaced.
    Missed {
        /// The key.
        key: BucketKey,
        /// The value.
        value: String,
        /// When it was shown.
        at: Duration,
        /// Whether the reader's own context had seen it.
        own: bool,
    },
    /// A value is shown again after it was gone.
    CameBack {
        /// The key.
        key: BucketKey,
        /// The value.
        value: String,
        /// When it was shown.
        at: Duration,
    },
    /// A value is shown beside one whose writer had seen it.
    FalseSibling {
        /// The key.
        key: BucketKey,
        /// The value.
        value: String,
        /// The value that it is beside.
        beside: String,
        /// When it was shown.
        at: Duration,
    },
    /// A value is its own sibling.
    OwnSibling {
        /// The key.
        key: BucketKey,
        /// The value.
        value: String,
        /// When it was shown.
        at: Duration,
    },
    /// A read shows two values where the last writer wins.
    TwoValues {
        /// The key.
        key: BucketKey,
        /// The values.
        values: Vec<String>,
        /// When they were shown.
        at: Duration,
    },
    /// Where the last writer wins, a read shows something else than what won before.
    Older {
        /// The key.
        key: BucketKey,
        /// What is shown: a value, or that it was deleted.
        value: String,
        /// When it was shown.
        at: Duration,
        /// Whether the reader's own context had seen what won.
        own: bool,
    },
    /// A read shows a value, or that it was deleted, under a stamp that it never had.
    WrongStamp {
        /// The key.
        key: BucketKey,
        /// What is shown.
        value: String,
        /// When it was shown.
        at: Duration,
    },
    /// A write is stamped no later than what its writer had seen.
    StampBehind {
        /// The key.
        key: BucketKey,
        /// What was written: a value, or that it was deleted.
        value: String,
    },
    /// A page of a listing does not show a key that was there all the time.
    NotListed {
        /// The key.
        key: BucketKey,
        /// The value for whose sake it was there.
        value: String,
        /// When the page was answered.
        at: Duration,
    },
    /// A page of a listing shows a key that nobody can have put.
    WronglyListed {
        /// The key.
        key: BucketKey,
        /// When the page was answered.
        at: Duration,
    },
    /// A page of a listing shows a key twice, or one that the page before has shown last.
    ListedTwice {
        /// The key.
        key: BucketKey,
        /// When the page was answered.
        at: Duration,
    },
    /// A page of a listing shows a key before one that it should follow, or of another page.
    ListedOutOfOrder {
        /// The key.
        key: BucketKey,
        /// When the page was answered.
        at: Duration,
    },
    /// A page of a listing was not answered, or not in time.
    EndlessPage {
        /// When it was asked.
        asked: Duration,
        /// The bucket's name.
        bucket: String,
    },
    /// A dot names two things.
    DotTwice(String),
    /// Two writes share a request id though they are not the same.
    RequestTwice {
        /// The id.
        request: RequestId,
        /// Their places among all operations of the run.
        numbers: [u64; 2],
    },
    /// A request did not end, or not in time.
    Endless {
        /// When it was asked.
        asked: Duration,
        /// The key.
        key: BucketKey,
    },
}

/// All violations of a history.
pub fn check(history: &History) -> Vec<Violation> {
    let mut keys: BTreeMap<&BucketKey, key::KeyHistory<'_>> = BTreeMap::new();
    let writes = repeated::writes(history);
    for write in writes.iter() {
        keys.entry(&write.key).or_default().writes.push(write);
    }
    let reads = unrecorded::reads(history);
    for read in reads.iter() {
        keys.entry(&read.key).or_default().reads.push(read);
    }
    for damage in &history.damages {
        keys.entry(&damage.key).or_default().damages.push(damage);
    }
    let mut violations: Vec<_> = keys
        .into_iter()
        .flat_map(|(name, key)| check_key(history, name, key))
        .collect();
    violations.extend(listing::check(history, &writes));
    violations.extend(ending::check(history, &writes));
    violations.extend(history.twice.iter().cloned().map(Violation::DotTwice));
    violations.extend(repeated::shared_ids(history));
    violations.extend(endless(&history.writes, &history.reads));
    violations.extend(endless_pages(&history.pages));
    violations
}

fn check_key(history: &History, name: &BucketKey, key: key::KeyHistory<'_>) -> Vec<Violation> {
    let Some(promise) = promise::Promise::of(history, name) else {
        return Vec::new();
    };
    if history.conflict(name) != ConflictRule::Lww {
        return key.check(name, &promise, history.extensions_write_after);
    }
    let mut versions = history.versions.get(name).cloned().unwrap_or_default();
    let told = key.writes.iter();
    let told = told.filter_map(|write| Some(((write.stamp?, write.dot?), write.value.clone())));
    versions.extend(told);
    let lww = lww::Lww {
        key: name,
        versions,
        shows_stay: promise.shows_stay(),
    };
    lww.check(&key)
}

/// How long after its time a request may end: a few steps of the simulation.
const GRACE: Duration = Duration::from_millis(20);

fn endless(writes: &[Write], reads: &[Read]) -> Vec<Violation> {
    let writes = writes.iter().map(|write| {
        let ended = write.ended.map(|ended| ended.at);
        (&write.key, write.asked, ended)
    });
    let reads = reads.iter().map(|read| {
        let ended = read.ended.as_ref().map(|ended| ended.at);
        (&read.key, read.asked, ended)
    });
    let late = writes.chain(reads);
    let late = late.filter(|(_, asked, ended)| is_late(*asked, *ended));
    late.map(|(key, asked, _)| Violation::Endless {
        asked: asked.at,
        key: key.clone(),
    })
    .collect()
}

fn endless_pages(pages: &[Page]) -> Vec<Violation> {
    let late = pages.iter().filter(|page| {
        let ended = page.ended.as_ref().map(|ended| ended.at);
        is_late(page.asked, ended)
    });
    late.map(|page| Violation::EndlessPage {
        asked: page.asked.at,
        bucket: page.bucket.to_string(),
    })
    .collect()
}

fn is_late(asked: Asked, ended: Option<Duration>) -> bool {
    let limit = asked.at + asked.patience + GRACE;
    ended.is_none_or(|ended| ended > limit)
}
