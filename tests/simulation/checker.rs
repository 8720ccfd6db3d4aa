//! No acknowledged write is lost, and nothing comes back.
//!
//! An acknowledged value is either there at the end, or a write that was kept covered it. A
//! write counts as kept if it was acknowledged, if any read returned its value, or if its value
//! is there at the end; of a delete of unknown outcome nobody can tell, so it counts too.

use std::collections::BTreeSet;

use crate::history::{History, Outcome, Write};

/// What a history must not show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// An acknowledged value that nothing replaced is gone.
    Lost { key: String, value: String },
    /// A value is there although an acknowledged write replaced it.
    Resurrected { key: String, value: String },
    /// A value is there that nobody wrote, or whose write was refused.
    Phantom { key: String, value: String },
}

/// All violations of a history, by key.
pub fn check(history: &History) -> Vec<Violation> {
    let keys = history.last.iter();
    keys.flat_map(|(key, last)| check_key(history, key, last))
        .collect()
}

fn check_key(history: &History, key: &str, last: &BTreeSet<String>) -> Vec<Violation> {
    let own = |write: &&Write| write.key == key;
    let writes: Vec<&Write> = history.writes.iter().filter(own).collect();
    let kept = |write: &&&Write| is_kept(history, last, write);
    let replaced = covered(writes.iter().filter(kept));
    let acknowledged = |write: &&&Write| write.outcome == Outcome::Acknowledged;
    let gone = covered(writes.iter().filter(acknowledged));
    let possible = |write: &&&Write| write.outcome != Outcome::Refused;
    let written: BTreeSet<&String> = values(writes.iter().filter(possible));
    let key = || key.to_owned();
    let lost = values(writes.iter().filter(acknowledged))
        .into_iter()
        .filter(|value| !last.contains(*value) && !replaced.contains(*value))
        .map(|value| (key(), value.clone()))
        .map(|(key, value)| Violation::Lost { key, value });
    let resurrected = last.iter().filter(|value| gone.contains(value));
    let resurrected = resurrected
        .map(|value| (key(), value.clone()))
        .map(|(key, value)| Violation::Resurrected { key, value });
    let phantom = last.iter().filter(|value| !written.contains(value));
    let phantom = phantom
        .map(|value| (key(), value.clone()))
        .map(|(key, value)| Violation::Phantom { key, value });
    lost.chain(resurrected).chain(phantom).collect()
}

fn is_kept(history: &History, last: &BTreeSet<String>, write: &Write) -> bool {
    let there = |value: &String| history.seen.contains(value) || last.contains(value);
    match write.outcome {
        Outcome::Acknowledged => true,
        Outcome::Unknown => write.value.as_ref().is_none_or(there),
        Outcome::Refused => false,
    }
}

fn covered<'a>(writes: impl Iterator<Item = &'a &'a Write>) -> BTreeSet<&'a String> {
    writes.flat_map(|write| &write.covers).collect()
}

fn values<'a>(writes: impl Iterator<Item = &'a &'a Write>) -> BTreeSet<&'a String> {
    writes.filter_map(|write| write.value.as_ref()).collect()
}
