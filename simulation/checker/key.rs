//! One key: its reads in the order in which they were asked, and what each had to show.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Violation;
use super::promise::Promise;
use super::unrecorded::replaceable_from;
use crate::history::{BucketKey, Damage, Knowledge, Read, Write};

/// What happened to one key.
#[derive(Default)]
pub(super) struct KeyHistory<'a> {
    pub(super) writes: Vec<&'a Write>,
    pub(super) reads: Vec<&'a Read>,
    pub(super) damages: Vec<&'a Damage>,
}

/// The life of one value.
#[derive(Clone, Copy, Debug)]
struct Life {
    /// Its write was asked; never, if it was refused.
    possible_from: Duration,
    /// It was acknowledged, or shown.
    kept_from: Duration,
    /// A write that may be kept and that has seen it was asked.
    replaceable_from: Duration,
    /// It is known to be gone.
    gone_from: Duration,
}

const NEVER: Duration = Duration::MAX;

impl Default for Life {
    fn default() -> Self {
        Self {
            possible_from: NEVER,
            kept_from: NEVER,
            replaceable_from: NEVER,
            gone_from: NEVER,
        }
    }
}

struct Shown<'a> {
    read: &'a Read,
    values: &'a [String],
    at: Duration,
}

impl<'a> KeyHistory<'a> {
    /// All that is wrong, by what is promised of the key.
    pub(super) fn check(
        self,
        key: &BucketKey,
        promise: &Promise<'_>,
        extensions_write_after: Option<Duration>,
    ) -> Vec<Violation> {
        let mut shown: Vec<Shown<'_>> = self.reads.iter().filter_map(|read| shown(read)).collect();
        shown.sort_by_key(|shown| shown.read.asked.at);
        let covers = self.covers();
        let stays: &[_] = if promise.shows_stay() { &shown } else { &[] };
        let mut sweep = Sweep {
            key,
            lives: self.lives(stays, &covers, extensions_write_after),
            promise,
            covers,
            twins: self.twins(),
            damages: self.damages,
            violations: Vec::new(),
        };
        sweep.run(&shown);
        sweep.violations
    }

    fn covers(&self) -> BTreeMap<&'a str, &'a BTreeSet<String>> {
        let writes = self.writes.iter();
        let valued = writes.filter_map(|write| Some((write.value.as_deref()?, &write.covers)));
        valued.collect()
    }

    fn twins(&self) -> BTreeSet<&'a str> {
        let twins = self.writes.iter().filter(|write| !write.once);
        twins.filter_map(|write| write.value.as_deref()).collect()
    }

    fn lives(
        &self,
        shown: &[Shown<'a>],
        covers: &BTreeMap<&'a str, &'a BTreeSet<String>>,
        extensions_write_after: Option<Duration>,
    ) -> BTreeMap<&'a str, Life> {
        let mut lives: BTreeMap<&str, Life> = BTreeMap::new();
        for write in self.writes.iter().filter(|write| write.is_possible()) {
            let acknowledged = write.acknowledged_at().unwrap_or(NEVER);
            if let Some(value) = &write.value {
                let life = lives.entry(value).or_default();
                life.possible_from = write.asked.at;
                life.kept_from = life.kept_from.min(acknowledged);
                let replaceable = replaceable_from(write, extensions_write_after).unwrap_or(NEVER);
                life.replaceable_from = life.replaceable_from.min(replaceable);
            }
            for value in &write.covers {
                let life = lives.entry(value).or_default();
                life.replaceable_from = life.replaceable_from.min(write.asked.at);
                life.gone_from = life.gone_from.min(acknowledged);
            }
        }
        for (value, at) in first_shown(shown) {
            let life = lives.entry(value).or_default();
            life.kept_from = life.kept_from.min(at);
            for covered in covers.get(value).copied().into_iter().flatten() {
                let life = lives.entry(covered).or_default();
                life.gone_from = life.gone_from.min(at);
            }
        }
        lives
    }
}

/// When each value was shown first: most are shown many times, and cover many others.
fn first_shown<'a>(shown: &[Shown<'a>]) -> BTreeMap<&'a str, Duration> {
    let mut first = BTreeMap::new();
    for Shown { values, at, .. } in shown {
        for value in *values {
            let first = first.entry(&**value).or_insert(*at);
            *first = (*first).min(*at);
        }
    }
    first
}

fn shown(read: &Read) -> Option<Shown<'_>> {
    let ended = read.ended.as_ref().filter(|_| read.strict)?;
    let (values, at) = (ended.with.as_deref()?, ended.at);
    Some(Shown { read, values, at })
}

struct Sweep<'a> {
    key: &'a BucketKey,
    lives: BTreeMap<&'a str, Life>,
    /// By value, what its writer had seen.
    covers: BTreeMap<&'a str, &'a BTreeSet<String>>,
    promise: &'a Promise<'a>,
    /// The values that may have two dots.
    twins: BTreeSet<&'a str>,
    damages: Vec<&'a Damage>,
    violations: Vec<Violation>,
}

impl<'a> Sweep<'a> {
    fn run(&mut self, shown: &[Shown<'a>]) {
        let mut kept: Vec<(Duration, &str)> = self
            .lives
            .iter()
            .map(|(value, life)| (life.kept_from, *value))
            .collect();
        kept.sort_unstable();
        let mut kept = kept.into_iter().peekable();
        let mut waited_for: BTreeSet<&str> = BTreeSet::new();
        for shown in shown {
            let asked = shown.read.asked.at;
            while let Some((_, value)) = kept.next_if(|(from, _)| *from <= asked) {
                waited_for.insert(value);
            }
            self.values_alone(shown);
            self.own_context(shown);
            if !self.is_damaged(shown) {
                self.missing(shown, &mut waited_for);
                self.returned(shown);
            }
        }
    }

    /// What no read may show, whatever happened before.
    fn values_alone(&mut self, shown: &Shown<'_>) {
        let at = shown.at;
        for (place, value) in shown.values.iter().enumerate() {
            let key = self.key.clone();
            let life = self.lives.get(&**value).copied().unwrap_or_default();
            if life.possible_from > at {
                let value = value.clone();
                self.violations.push(Violation::Invented { key, value, at });
            } else if shown.values[..place].contains(value) {
                let value = value.clone();
                self.violations
                    .push(Violation::OwnSibling { key, value, at });
            } else if let Some(beside) = self.replaced_by(value, shown.values) {
                self.violations.push(Violation::FalseSibling {
                    key,
                    value: value.clone(),
                    beside,
                    at,
                });
            }
        }
    }

    fn replaced_by(&self, value: &str, values: &[String]) -> Option<String> {
        if self.twins.contains(value) {
            return None;
        }
        let covers = |other: &&String| {
            let covers = self.covers.get(&***other);
            covers.is_some_and(|covers| covers.contains(value))
        };
        values.iter().find(covers).cloned()
    }

    /// What the read's own context has seen is shown, or may be replaced.
    fn own_context(&mut self, shown: &Shown<'_>) {
        for value in &shown.read.seen {
            let life = self.lives.get(&**value).copied().unwrap_or_default();
            if !shown.values.contains(value) && life.replaceable_from > shown.at {
                self.missed(value, shown.at, true);
            }
        }
    }

    /// What was kept before the read was asked is shown, or may be replaced; if it is not
    /// shown, it is gone.
    fn missing(&mut self, shown: &Shown<'_>, waited_for: &mut BTreeSet<&'a str>) {
        let here = |value: &&str| shown.values.iter().any(|shown| shown == value);
        let gone: Vec<&str> = waited_for.iter().copied().filter(|v| !here(v)).collect();
        for value in gone {
            waited_for.remove(value);
            let Some(life) = self.lives.get_mut(value) else {
                continue;
            };
            if self.promise.shows_stay() {
                life.gone_from = life.gone_from.min(shown.at);
            }
            if life.replaceable_from <= shown.at {
                continue;
            }
            let during = (shown.read.asked.at, shown.at);
            match self.promise.excuses(Knowledge::Value, value, during) {
                true => drop(waited_for.insert(value)),
                false => self.missed(value, shown.at, false),
            }
        }
    }

    /// What was gone before the read was asked is not shown.
    fn returned(&mut self, shown: &Shown<'_>) {
        for value in shown.values {
            let life = self.lives.get(&**value).copied().unwrap_or_default();
            let during = (shown.read.asked.at, shown.at);
            let what = Knowledge::Replacement;
            let may_be_back = || self.promise.excuses(what, value, during);
            let once = !self.twins.contains(&**value);
            if life.gone_from <= shown.read.asked.at && once && !may_be_back() {
                self.violations.push(Violation::CameBack {
                    key: self.key.clone(),
                    value: value.clone(),
                    at: shown.at,
                });
            }
        }
    }

    fn missed(&mut self, value: &str, at: Duration, own: bool) {
        self.violations.push(Violation::Missed {
            key: self.key.clone(),
            value: value.to_owned(),
            at,
            own,
        });
    }

    fn is_damaged(&self, shown: &Shown<'_>) -> bool {
        let mut damages = self.damages.iter();
        damages.any(|damage| damage.meets(shown.read.asked.at, shown.at))
    }
}
