//! The end: no acknowledged write is lost, and nothing that was replaced is back.
//!
//! An acknowledged value is either there at the end, or a write that was kept covered it. A
//! write counts as kept if it was acknowledged, if any read returned its value, or if its value
//! is there at the end; of a delete of unknown outcome nobody can tell, so it counts too.

use std::collections::{BTreeMap, BTreeSet};

use cartwheel::version::ConflictRule;

use super::Violation;
use super::promise::Promise;
use crate::history::{BucketKey, History, Knowledge, Outcome, Write};

pub(super) fn check(history: &History, all: &[Write]) -> Vec<Violation> {
    let mut seen: BTreeSet<&String> = history.last.values().flatten().collect();
    let strict = history.reads.iter().filter(|read| read.strict);
    let found = strict.filter_map(|read| read.ended.as_ref());
    seen.extend(found.flat_map(|ended| ended.with.iter().flatten()));
    let mut writes: BTreeMap<&BucketKey, Vec<&Write>> = BTreeMap::new();
    for write in all {
        writes.entry(&write.key).or_default().push(write);
    }
    let none = Vec::new();
    let keys = history.last.iter();
    let keys = keys.filter(|(key, _)| history.conflict(key) != ConflictRule::Lww);
    let checked = keys.filter_map(|(key, last)| {
        let promise = Promise::of(history, key)?;
        let writes = writes.get(key).unwrap_or(&none);
        Some(check_key(key, &promise, last, writes, &seen))
    });
    let found = checked.flatten();
    found
        .filter(|violation| !is_unrecorded(violation, history))
        .collect()
}

/// Whether an extension may have done that.
fn is_unrecorded(violation: &Violation, history: &History) -> bool {
    let Some(after) = history.extensions_write_after else {
        return false;
    };
    let ended = history.reads.iter().filter_map(|read| read.ended.as_ref());
    let end = ended.map(|ended| ended.at).max().unwrap_or_default();
    let write = |value| {
        let mut writes = history.writes.iter();
        writes.find(|write| write.value.as_ref() == Some(value))
    };
    match violation {
        Violation::Lost { value, .. } => {
            write(value).is_some_and(|write| write.asked.at + after <= end)
        }
        Violation::Resurrected { value, .. } => write(value).is_none(),
        _ => false,
    }
}

fn check_key(
    key: &BucketKey,
    promise: &Promise<'_>,
    last: &BTreeSet<String>,
    writes: &[&Write],
    seen: &BTreeSet<&String>,
) -> Vec<Violation> {
    let acknowledged = || {
        let all = writes.iter();
        all.filter(|write| write.promise() == Outcome::Acknowledged)
    };
    let replaced = replaced(promise, last, writes, seen);
    let gone: BTreeSet<&String> = acknowledged().flat_map(|write| &write.covers).collect();
    let twins = writes.iter().filter(|write| !write.once);
    let twins: BTreeSet<&String> = twins.filter_map(|write| write.value.as_ref()).collect();
    let synced = |write: &&&Write| write.synced;
    let surely_gone: BTreeSet<&String> = acknowledged()
        .filter(synced)
        .flat_map(|write| &write.covers)
        .collect();
    let lost = acknowledged().filter_map(|write| Some((write, write.value.as_ref()?)));
    let lost = lost.filter(|(write, value)| {
        let may_be = !write.synced && promise.is_forgotten(Knowledge::Value, value);
        !last.contains(*value) && !replaced.contains(value) && !may_be
    });
    let lost = lost.map(|(_, value)| value);
    let lost = lost.map(|value| Violation::Lost {
        key: key.clone(),
        value: value.clone(),
    });
    let back = last.iter();
    let back = back.filter(|value| {
        let may_be =
            !surely_gone.contains(value) && promise.is_forgotten(Knowledge::Replacement, value);
        gone.contains(value) && !twins.contains(value) && !may_be
    });
    let back = back.map(|value| Violation::Resurrected {
        key: key.clone(),
        value: value.clone(),
    });
    lost.chain(back).collect()
}

/// What a write that was kept has replaced. In a buffered bucket what a read has shown may be
/// forgotten, so that only what is there at the end, or was replaced in turn, counts as kept.
fn replaced<'a>(
    promise: &Promise<'_>,
    last: &'a BTreeSet<String>,
    writes: &[&'a Write],
    seen: &BTreeSet<&'a String>,
) -> BTreeSet<&'a String> {
    let mut kept = match promise.is_synced() {
        true => seen.clone(),
        false => last.iter().collect(),
    };
    loop {
        let before = kept.len();
        let writes = writes.iter().filter(|write| is_kept(write, &kept));
        let replaced: BTreeSet<&String> = writes.flat_map(|write| &write.covers).collect();
        kept.extend(replaced.iter().copied());
        if kept.len() == before {
            return replaced;
        }
    }
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
