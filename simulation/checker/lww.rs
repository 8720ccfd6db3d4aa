//! One key of a bucket where the last writer wins (rule 8): a register whose stamps only rise.
//!
//! ```text
//!   acknowledged with a stamp, or shown ──► every later read shows it, or what is stamped later
//! ```
//!
//! Which of two wins is decided by stamp and dot; a delete has both, like any value. A read shows
//! one value, or none where a delete has won, and the stamp of what it shows is that of its
//! context. So an acknowledged write may be gone at once: one by a clock that is ahead was first.

use std::collections::BTreeMap;
use std::time::Duration;

use cartwheel::version::{Dot, Stamp};

use super::Violation;
use super::key::KeyHistory;
use crate::history::{BucketKey, Damage, Read, Versions, Write};

/// Decides between two versions; that of a key that was never written is the least. Of what one
/// commit wrote and replaced, and nobody acknowledged, the dot may not be known.
type Rank = (Stamp, Option<Dot>);

/// The check of one key.
pub(super) struct Lww<'a> {
    pub(super) key: &'a BucketKey,
    /// All that any node has given to its store, and all that was acknowledged.
    pub(super) versions: Versions,
    /// Whether what a read has shown has to stay.
    pub(super) shows_stay: bool,
}

struct Shown<'a> {
    read: &'a Read,
    value: Option<&'a str>,
    at: Duration,
    rank: Rank,
}

impl Lww<'_> {
    pub(super) fn check(&self, history: &KeyHistory<'_>) -> Vec<Violation> {
        let mut violations = self.stamps_rise(&history.writes);
        let mut shown = Vec::new();
        let begun = begun(&history.writes);
        for read in &history.reads {
            match self.shown(read, &begun, &history.writes) {
                Some(Ok(one)) => shown.push(one),
                Some(Err(violation)) => violations.push(violation),
                None => {}
            }
        }
        violations.extend(shown.iter().filter_map(|shown| self.own(shown)));
        violations.extend(self.older(history, &mut shown));
        violations.extend(self.lost(&history.writes, &shown));
        violations
    }

    /// The stamp of a write exceeds what its context had seen.
    fn stamps_rise(&self, writes: &[&Write]) -> Vec<Violation> {
        let stamped = writes
            .iter()
            .filter_map(|write| Some((write, write.stamp?)));
        let behind = stamped.filter(|(write, stamp)| *stamp <= write.handed);
        let violation = |(write, _): (&&Write, Stamp)| Violation::StampBehind {
            key: self.key.clone(),
            value: told(write.value.as_deref()),
        };
        behind.map(violation).collect()
    }

    /// What a read that asked enough owners has shown; nothing if it has not.
    fn shown<'a>(
        &self,
        read: &'a Read,
        begun: &BTreeMap<&str, Duration>,
        writes: &[&Write],
    ) -> Option<Result<Shown<'a>, Violation>> {
        let ended = read.ended.as_ref().filter(|_| read.strict)?;
        let (values, at) = (ended.with.as_deref()?, ended.at);
        let key = self.key.clone();
        if let [_, _, ..] = values {
            let values = values.to_vec();
            return Some(Err(Violation::TwoValues { key, values, at }));
        }
        let value = values.first().map(String::as_str);
        let is_begun = |value: &&str| begun.get(value).is_none_or(|begun| *begun > at);
        if let Some(value) = value.filter(is_begun) {
            let value = value.to_owned();
            return Some(Err(Violation::Invented { key, value, at }));
        }
        let rank = (read.stamp, self.dot(value, read.stamp));
        if rank.1.is_none() && !self.may_have(value, read, writes) {
            let value = told(value);
            return Some(Err(Violation::WrongStamp { key, value, at }));
        }
        Some(Ok(Shown {
            read,
            value,
            at,
            rank,
        }))
    }

    /// The dot of the value, or of the delete, that has this stamp; the greatest, if some have.
    fn dot(&self, value: Option<&str>, stamp: Stamp) -> Option<Dot> {
        let versions = self.versions.iter().rev();
        let mut of_stamp = versions.filter(|((own, _), _)| *own == stamp);
        let found = of_stamp.find(|(_, named)| named.as_deref() == value);
        found.map(|((_, dot), _)| *dot)
    }

    /// Whether a value, or a delete, may have a stamp that nobody has told of.
    fn may_have(&self, value: Option<&str>, read: &Read, writes: &[&Write]) -> bool {
        let nothing = value.is_none() && read.stamp == Stamp::ZERO;
        let mut of_value = writes
            .iter()
            .filter(|write| write.value.as_deref() == value && write.is_possible());
        nothing || of_value.any(|write| write.stamp.is_none() || !write.once)
    }

    /// A read shows what its own context had seen, or what is stamped later.
    fn own(&self, shown: &Shown<'_>) -> Option<Violation> {
        let behind = shown.rank.0 < shown.read.handed;
        behind.then(|| self.violation(shown, true))
    }

    /// A read shows what was kept before it was asked, or what is stamped later.
    fn older(&self, history: &KeyHistory<'_>, shown: &mut [Shown<'_>]) -> Vec<Violation> {
        shown.sort_by_key(|shown| shown.read.asked.at);
        let mut kept: Vec<(Duration, Rank)> = self.acknowledged(&history.writes);
        if self.shows_stay {
            kept.extend(shown.iter().map(|shown| (shown.at, shown.rank)));
        }
        kept.sort_unstable();
        let mut kept = kept.into_iter().peekable();
        let mut least = (Stamp::ZERO, None);
        let mut older = Vec::new();
        for shown in shown {
            while let Some((_, rank)) = kept.next_if(|(at, _)| *at <= shown.read.asked.at) {
                least = least.max(rank);
            }
            if is_less(shown.rank, least) && !is_damaged(&history.damages, shown) {
                older.push(self.violation(shown, false));
            }
        }
        older
    }

    /// The last look at all owners shows the winner of all that was acknowledged.
    fn lost(&self, writes: &[&Write], shown: &[Shown<'_>]) -> Option<Violation> {
        let last = shown.iter().max_by_key(|shown| shown.at)?;
        let kept = writes
            .iter()
            .filter_map(|write| Some((write, self.rank_of(write)?)));
        let (write, rank) = kept.max_by_key(|(_, rank)| *rank)?;
        is_less(last.rank, rank).then(|| Violation::Lost {
            key: self.key.clone(),
            value: told(write.value.as_deref()),
        })
    }

    fn acknowledged(&self, writes: &[&Write]) -> Vec<(Duration, Rank)> {
        let kept = writes.iter();
        kept.filter_map(|write| Some((write.acknowledged_at()?, self.rank_of(write)?)))
            .collect()
    }

    /// What W owners hold once it is acknowledged. An answer that met an earlier attempt tells the
    /// dot alone, and the stores tell its stamp; nothing if neither does.
    fn rank_of(&self, write: &Write) -> Option<Rank> {
        write.acknowledged_at()?;
        let dot = write.dot?;
        let known = || {
            let mut all = self.versions.keys();
            all.find(|(_, own)| *own == dot).map(|(stamp, _)| *stamp)
        };
        Some((write.stamp.or_else(known)?, Some(dot)))
    }

    fn violation(&self, shown: &Shown<'_>, own: bool) -> Violation {
        Violation::Older {
            key: self.key.clone(),
            value: told(shown.value),
            at: shown.at,
            own,
        }
    }
}

/// Whether a version loses against another for all that is known.
fn is_less(rank: Rank, other: Rank) -> bool {
    match rank.1 {
        Some(_) => rank < other,
        None => rank.0 < other.0,
    }
}

/// When the write of each value was asked, but for those that were refused.
fn begun<'a>(writes: &[&'a Write]) -> BTreeMap<&'a str, Duration> {
    let possible = writes.iter().filter(|write| write.is_possible());
    let begun = possible.filter_map(|write| Some((write.value.as_deref()?, write.asked.at)));
    begun.collect()
}

fn is_damaged(damages: &[&Damage], shown: &Shown<'_>) -> bool {
    let mut damages = damages.iter();
    damages.any(|damage| damage.meets(shown.read.asked.at, shown.at))
}

fn told(value: Option<&str>) -> String {
    value.unwrap_or("a delete").to_owned()
}

#[cfg(test)]
mod tests;
