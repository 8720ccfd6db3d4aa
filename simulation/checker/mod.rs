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
mod endless;
mod key;
mod listing;
mod lww;
mod promise;
mod repeated;
mod unrecorded;
mod violation;

use std::collections::BTreeMap;

use cartwheel::version::ConflictRule;

pub use violation::Violation;

use crate::history::{BucketKey, History};

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
    violations.extend(endless::requests(&history.writes, &history.reads));
    violations.extend(endless::pages(&history.pages));
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
