//! Listings: every page is judged for itself, by the places that it lies between.
//!
//! ```text
//!   acknowledged before the page was asked, and not deleted by anything asked before its end
//!                                                     ──► it must be shown
//!   no put that may be kept was asked before its end  ──► it must not be shown
//! ```
//!
//! W owners have what was acknowledged, and r of them are listed, so that one that has it is
//! asked. It is dead there only if a delete has come, of this value or of one that replaced it: a
//! put leaves the key where it is. A key whose delete has not reached every owner may be shown, by
//! decision 8. Where the last writer wins, a delete takes what is stamped earlier.
//!
//! Nothing is expected of keys of which an owner is damaged, or has forgotten what it had not
//! synced, nor of a partition of which the page says that it is incomplete.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use cartwheel::bucket::Bucket;
use cartwheel::key::KeyHash;
use cartwheel::store::{SliceId, StoredKey};
use cartwheel::version::ConflictRule;

use super::Violation;
use super::deletes::Deletes;
use super::promise::Promise;
use super::unrecorded::replaceable_from;
use crate::history::{BucketKey, Damage, Excerpt, History, Knowledge, Page, Write};

/// What a listing may and must show of one key.
struct Listable<'a> {
    key: BucketKey,
    stored: StoredKey,
    /// When a put that may be kept was first asked.
    possible_from: Duration,
    stays: Vec<Stay<'a>>,
    damages: Vec<&'a Damage>,
    promise: Promise<'a>,
}

/// The time in which the key is there for the sake of one value.
struct Stay<'a> {
    value: &'a str,
    /// It was acknowledged.
    from: Duration,
    /// What may delete it was asked.
    until: Duration,
}

/// What a page shows, and when.
struct Shown<'a> {
    page: &'a Page,
    excerpt: &'a Excerpt,
    at: Duration,
}

pub(super) fn check(history: &History, writes: &[Write]) -> Vec<Violation> {
    let buckets = history.buckets.values();
    let violations = buckets.flat_map(|bucket| {
        let pages = history.pages.iter();
        let pages = pages.filter(|page| *page.bucket == bucket.name);
        let shown: Vec<Shown<'_>> = pages.filter_map(shown).collect();
        check_bucket(history, bucket, writes, &shown)
    });
    violations.collect()
}

fn shown(page: &Page) -> Option<Shown<'_>> {
    let excerpt = page.shown()?;
    let at = page.ended.as_ref()?.at;
    Some(Shown { page, excerpt, at })
}

fn check_bucket(
    history: &History,
    bucket: &Bucket,
    all: &[Write],
    pages: &[Shown<'_>],
) -> Vec<Violation> {
    if pages.is_empty() {
        return Vec::new();
    }
    let mut writes: BTreeMap<&BucketKey, Vec<&Write>> = BTreeMap::new();
    for write in all {
        if *write.key.bucket == bucket.name {
            writes.entry(&write.key).or_default().push(write);
        }
    }
    let keys = writes.into_iter();
    let keys = keys.filter_map(|(key, writes)| listable(history, bucket, key, &writes));
    let keys: BTreeMap<Bytes, Listable<'_>> = keys
        .map(|key| (key.stored.as_bytes().clone(), key))
        .collect();
    let stored = |name: &String| stored(history, bucket, name);
    let checked = pages.iter().flat_map(|shown| {
        let places = shown.excerpt.keys.iter().map(stored).collect();
        let page = OnePage {
            shown,
            places,
            extensions: history.extensions_write_after.is_some(),
        };
        page.check(&keys)
    });
    checked.collect()
}

fn stored(history: &History, bucket: &Bucket, key: &str) -> StoredKey {
    let hash = KeyHash::of(bucket.id, key.as_bytes());
    let partition = hash.partition(history.partition_bits);
    let n = bucket.n;
    StoredKey::new(SliceId { partition, n }, hash, bucket.id, key.as_bytes())
}

fn listable<'a>(
    history: &'a History,
    bucket: &Bucket,
    key: &BucketKey,
    writes: &[&'a Write],
) -> Option<Listable<'a>> {
    let deletes = match bucket.conflict {
        ConflictRule::Lww => Deletes::of_stamps(writes, history.versions.get(key)),
        _ => Deletes::of_contexts(writes),
    };
    let puts = writes.iter().filter(|write| write.value.is_some());
    let possible = puts.filter(|write| write.is_possible());
    let stay = |write: &&'a Write| {
        let after = history.extensions_write_after;
        let extension = replaceable_from(write, after).unwrap_or(Duration::MAX);
        Some(Stay {
            value: write.value.as_deref()?,
            from: write.acknowledged_at()?,
            until: deletes.first(write).min(extension),
        })
    };
    let damages = history.damages.iter();
    Some(Listable {
        key: key.clone(),
        stored: stored(history, bucket, &key.key),
        possible_from: possible.map(|write| write.asked.at).min()?,
        stays: writes.iter().filter_map(stay).collect(),
        damages: damages.filter(|damage| damage.key == *key).collect(),
        promise: Promise::of(history, key)?,
    })
}

impl Listable<'_> {
    /// A value for whose sake a page of that time has to show the key.
    fn expected(&self, (asked, ended): (Duration, Duration)) -> Option<&str> {
        let damaged = |damage: &&&Damage| damage.meets(asked, ended);
        if self.damages.iter().any(|damage| damaged(&damage)) {
            return None;
        }
        let mut stays = self.stays.iter();
        let stay = stays.find(|stay| {
            let (what, during) = (Knowledge::Value, (asked, ended));
            let is_there = stay.from <= asked && ended < stay.until;
            is_there && !self.promise.excuses(what, stay.value, during)
        });
        stay.map(|stay| stay.value)
    }
}

/// One page, and the places of the keys that it shows.
struct OnePage<'a> {
    shown: &'a Shown<'a>,
    places: Vec<StoredKey>,
    extensions: bool,
}

impl OnePage<'_> {
    fn check(&self, keys: &BTreeMap<Bytes, Listable<'_>>) -> Vec<Violation> {
        let mut violations = self.order();
        violations.extend(self.wrong(keys));
        violations.extend(self.missing(keys));
        violations.extend(self.too_long());
        violations.extend(self.elsewhere());
        violations
    }

    fn too_long(&self) -> Option<Violation> {
        let Shown { page, excerpt, at } = *self.shown;
        let keys = excerpt.keys.len();
        (keys > page.limit as usize).then(|| Violation::PageTooLong {
            bucket: page.bucket.to_string(),
            keys,
            limit: page.limit,
            at,
        })
    }

    /// It calls no partition incomplete that it has not come to.
    fn elsewhere(&self) -> Vec<Violation> {
        let Shown { page, excerpt, at } = *self.shown;
        let incomplete = excerpt.incomplete.iter();
        let elsewhere = incomplete.filter(|partition| !self.comes_to(**partition));
        let violation = |partition: &u16| Violation::IncompleteElsewhere {
            bucket: page.bucket.to_string(),
            partition: *partition,
            at,
        };
        elsewhere.map(violation).collect()
    }

    /// A place begins with its partition, and is that alone where none of its keys were listed.
    fn comes_to(&self, partition: u16) -> bool {
        let Excerpt { until, .. } = self.shown.excerpt;
        let place = partition.to_be_bytes();
        let from = self.shown.page.from.get(..place.len());
        let begun = from.is_none_or(|from| *from <= place[..]);
        begun && until.as_ref().is_none_or(|until| place[..] < until[..])
    }

    /// It shows keys of its own part of the bucket, in order, each once.
    fn order(&self) -> Vec<Violation> {
        let mut before = &self.shown.page.from;
        let mut violations = Vec::new();
        for (place, name) in self.places.iter().zip(&self.shown.excerpt.keys) {
            let (key, at) = (self.key(name), self.shown.at);
            let place = place.as_bytes();
            if place == before {
                violations.push(Violation::ListedTwice { key, at });
            } else if place < before || !self.reaches(place) {
                violations.push(Violation::ListedOutOfOrder { key, at });
            }
            before = place;
        }
        violations
    }

    /// It shows no key that nobody can have put.
    fn wrong(&self, keys: &BTreeMap<Bytes, Listable<'_>>) -> Vec<Violation> {
        let at = self.shown.at;
        let shown = self.places.iter().zip(&self.shown.excerpt.keys);
        let wrong = shown.filter(|(place, _)| {
            let known = keys.get(place.as_bytes());
            !self.extensions && known.is_none_or(|key| key.possible_from > at)
        });
        let violation = |(_, name): (_, &String)| {
            let key = self.key(name);
            Violation::WronglyListed { key, at }
        };
        wrong.map(violation).collect()
    }

    /// It shows every key that was there all the time.
    fn missing(&self, keys: &BTreeMap<Bytes, Listable<'_>>) -> Vec<Violation> {
        let Shown { page, excerpt, at } = *self.shown;
        let within = keys.values().filter(|key| {
            let place = key.stored.as_bytes();
            let partition = key.stored.slice().partition.0;
            let complete = !excerpt.incomplete.contains(&partition);
            *place > page.from && self.reaches(place) && complete
        });
        let missing = within.filter(|key| !self.places.contains(&key.stored));
        let missing = missing.filter_map(|key| {
            Some(Violation::NotListed {
                key: key.key.clone(),
                value: key.expected((page.asked.at, at))?.to_owned(),
                at,
            })
        });
        missing.collect()
    }

    fn reaches(&self, place: &Bytes) -> bool {
        let until = self.shown.excerpt.until.as_ref();
        until.is_none_or(|until| place <= until)
    }

    fn key(&self, name: &str) -> BucketKey {
        BucketKey::new(&self.shown.page.bucket, name)
    }
}

#[cfg(test)]
mod tests;
