//! The end: no acknowledged write is lost, and nothing that was replaced is back.
//!
//! An acknowledged value is either there at the end, or a write that was kept covered it. A
//! write counts as kept if it was acknowledged, if any read returned its value, or if its value
//! is there at the end; of a delete of unknown outcome nobody can tell, so it counts too.

use std::collections::{BTreeMap, BTreeSet};

use cartwheel::version::ConflictRule;

use super::Violation;
use crate::history::{BucketKey, History, Outcome, Write};

pub(super) fn check(history: &History) -> Vec<Violation> {
    let mut seen: BTreeSet<&String> = history.last.values().flatten().collect();
    let strict = history.reads.iter().filter(|read| read.strict);
    let found = strict.filter_map(|read| read.ended.as_ref());
    seen.extend(found.flat_map(|ended| ended.with.iter().flatten()));
    let mut writes: BTreeMap<&BucketKey, Vec<&Write>> = BTreeMap::new();
    for write in &history.writes {
        writes.entry(&write.key).or_default().push(write);
    }
    let none = Vec::new();
    let keys = history.last.iter();
    let keys = keys.filter(|(key, _)| history.conflict(key) != ConflictRule::Lww);
    keys.flat_map(|(key, last)| check_key(key, last, writes.get(key).unwrap_or(&none), &seen))
        .collect()
}

fn check_key(
    key: &BucketKey,
    last: &BTreeSet<String>,
    writes: &[&Write],
    seen: &BTreeSet<&String>,
) -> Vec<Violation> {
    let acknowledged = || {
        let all = writes.iter();
        all.filter(|write| write.promise() == Outcome::Acknowledged)
    };
    let kept = writes.iter().filter(|write| is_kept(write, seen));
    let replaced: BTreeSet<&String> = kept.flat_map(|write| &write.covers).collect();
    let gone: BTreeSet<&String> = acknowledged().flat_map(|write| &write.covers).collect();
    let twins = writes.iter().filter(|write| !write.once);
    let twins: BTreeSet<&String> = twins.filter_map(|write| write.value.as_ref()).collect();
    let lost = acknowledged().filter_map(|write| write.value.as_ref());
    let lost = lost.filter(|value| !last.contains(*value) && !replaced.contains(value));
    let lost = lost.map(|value| Violation::Lost {
        key: key.clone(),
        value: value.clone(),
    });
    let back = last.iter();
    let back = back.filter(|value| gone.contains(value) && !twins.contains(value));
    let back = back.map(|value| Violation::Resurrected {
        key: key.clone(),
        value: value.clone(),
    });
    lost.chain(back).collect()
}

fn is_kept(write: &Write, seen: &BTreeSet<&String>) -> bool {
    match write.promise() {
        Outcome::Acknowledged => true,
        Outcome::Unknown => write
            .value
            .as_ref()
            .is_none_or(|value| seen.contains(value)),
        Outcome::Refused => false,
    }
}
