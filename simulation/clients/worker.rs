//! A client at work: it reads, puts and deletes a few keys, one after the other.

use std::collections::BTreeMap;
use std::time::Duration;

use cartwheel_client::{Context, Error, Written};

use super::notebook::Notebook;
use super::recorded::RecordedBucket;
use super::work::Temper;
use crate::dice::Dice;
use crate::trace::now;

/// Few keys of each bucket, so that writers meet.
const KEYS: u64 = 3;

/// Of so many operations one is a whole listing, which asks as much of the nodes as some ten reads,
/// and one each a batch of reads, puts and deletes.
const OPERATIONS: u64 = 60;

/// The longest rest between two operations, in milliseconds.
const REST_MS_MAX: u64 = 15;

/// A client, and what it knows.
pub(super) struct Worker {
    /// Its number among those of its host.
    pub(super) number: u64,
    /// Where it keeps its puts until their outcome is known, if it does.
    pub(super) notebook: Option<Notebook>,
    pub(super) buckets: Vec<RecordedBucket>,
    pub(super) dice: Dice,
    pub(super) temper: Temper,
    /// Whether it always reads and writes with its latest context.
    pub(super) careful: bool,
    /// What it last saw of each key.
    pub(super) known: BTreeMap<Place, Context>,
}

/// A bucket by its number, and a key.
pub(super) type Place = (usize, String);

impl Worker {
    pub(super) async fn work(mut self, until: Duration) {
        self.take_up().await;
        while now() < until {
            let place = self.place();
            match self.dice.below(OPERATIONS) {
                0 => self.list(place.0).await,
                1 => self.get_batch(place.0).await,
                2 => self.put_batch(place.0).await,
                3 => self.delete_batch(place.0).await,
                4..24 => self.get(place).await,
                24..54 => self.put(place).await,
                _ => self.delete(place).await,
            }
            let rest = self.dice.below(REST_MS_MAX);
            tokio::time::sleep(Duration::from_millis(rest)).await;
        }
    }

    pub(super) fn place(&mut self) -> Place {
        let bucket = self.dice.below(self.buckets.len() as u64);
        let key = format!("key-{}", self.dice.below(KEYS));
        (usize::try_from(bucket).unwrap_or(0), key)
    }

    pub(super) async fn get(&mut self, place: Place) {
        let handed = match self.careful {
            true => self.known(&place),
            false => Context::default(),
        };
        let get = self.buckets[place.0].get(&place.1).context(handed);
        if let Ok(object) = get.timeout(self.patience()).await {
            self.known.insert(place, object.context);
        }
    }

    /// Deletes what it last saw, if it saw anything.
    async fn delete(&mut self, place: Place) {
        let known = self.known(&place);
        if !known.is_empty() {
            let delete = self.buckets[place.0].delete(&place.1, known);
            let answer = delete.timeout(self.patience()).await;
            self.learn(place, answer);
        }
    }

    pub(super) fn learn(&mut self, place: Place, answer: Result<Written, Error>) {
        if let Ok(written) = answer {
            self.known.insert(place, written.context);
        }
    }

    pub(super) fn known(&self, place: &Place) -> Context {
        self.known.get(place).cloned().unwrap_or_default()
    }

    /// What a put hands in: the latest context, and of those who are not careful now and then
    /// none at all, or that of another key, which must be refused. Nothing: it has to read first.
    pub(super) fn context_for(&mut self, place: &Place) -> Option<Context> {
        if self.careful {
            return self.known.get(place).cloned();
        }
        Some(match self.dice.below(40) {
            0..2 => self.foreign_context(place),
            2..10 => Context::default(),
            _ => self.known(place),
        })
    }

    fn foreign_context(&self, place: &Place) -> Context {
        let mut others = self.known.iter();
        let other = others.find(|(other, _)| *other != place);
        other.map_or_else(Context::default, |(_, context)| context.clone())
    }

    pub(super) fn patience(&mut self) -> Duration {
        match self.temper {
            Temper::Patient => Duration::from_secs(5),
            Temper::Hasty => Duration::from_millis(self.dice.between(20, 400)),
        }
    }
}
