//! One client at work: reads, puts and deletes a few keys, one after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cartwheel_client::{Bucket, Context, Error, Object};

use crate::dice::Dice;
use crate::history::{Outcome, SharedHistory, Write};
use crate::trace::{Trace, now};

/// Few keys, so that writers meet.
const KEYS: u64 = 4;

/// The longest rest between two operations, in milliseconds.
const REST_MS_MAX: u64 = 25;

/// Every key that workers use.
pub fn keys() -> impl Iterator<Item = String> {
    (0..KEYS).map(|key| format!("key-{key}"))
}

/// A client, and what it knows.
pub struct Worker {
    pub name: String,
    pub bucket: Bucket,
    pub dice: Dice,
    pub history: SharedHistory,
    pub trace: Trace,
    /// By key: its last context, and the values that this is known to cover.
    pub known: BTreeMap<String, (Context, BTreeSet<String>)>,
}

impl Worker {
    /// Works until that time.
    pub async fn work(mut self, until: Duration) {
        for turn in 0_u64.. {
            if now() >= until {
                return;
            }
            let key = format!("key-{}", self.dice.below(KEYS));
            match self.dice.below(10) {
                0..4 => self.get(key).await,
                4..9 => self.put(key, turn).await,
                _ => self.delete(key).await,
            }
            let rest = self.dice.below(REST_MS_MAX);
            tokio::time::sleep(Duration::from_millis(rest)).await;
        }
    }

    async fn get(&mut self, key: String) {
        let invoked = now();
        match self.bucket.get(&key).send().await {
            Ok(object) => {
                let values = values_of(&object);
                self.note(invoked, &format!("get {key} found {values:?}"));
                self.history.borrow_mut().seen.extend(values.clone());
                self.known.insert(key, (object.context, values));
            }
            Err(error) => self.note(invoked, &format!("get {key} failed: {error}")),
        }
    }

    async fn put(&mut self, key: String, turn: u64) {
        let invoked = now();
        let value = format!("{}-{turn}", self.name);
        let blind = self.dice.one_in(5);
        let (context, mut covers) = self.known.get(&key).cloned().unwrap_or_default();
        let (context, before) = match blind {
            true => (Context::default(), BTreeSet::new()),
            false => (context, covers.clone()),
        };
        let put = self.bucket.put(&key, value.clone()).context(context);
        let answer = put.send().await.map(|written| written.context);
        self.note(
            invoked,
            &format!("put {key} {value} over {before:?}: {}", told(&answer)),
        );
        self.written(&key, Some(value.clone()), &before, outcome(&answer));
        if let Ok(context) = answer {
            covers = before;
            covers.insert(value);
            self.known.insert(key, (context, covers));
        }
    }

    /// Deletes what it last saw, if it saw anything.
    async fn delete(&mut self, key: String) {
        let Some((context, covers)) = self.known.remove(&key) else {
            return;
        };
        if context.is_empty() {
            return;
        }
        let invoked = now();
        let answer = self.bucket.delete(&key, context).send().await;
        let answer = answer.map(|written| written.context);
        self.note(
            invoked,
            &format!("delete {key} of {covers:?}: {}", told(&answer)),
        );
        self.written(&key, None, &covers, outcome(&answer));
    }

    fn written(
        &self,
        key: &str,
        value: Option<String>,
        covers: &BTreeSet<String>,
        outcome: Outcome,
    ) {
        self.history.borrow_mut().writes.push(Write {
            key: key.to_owned(),
            value,
            covers: covers.clone(),
            outcome,
        });
    }

    fn note(&self, invoked: Duration, what: &str) {
        let invoked = invoked.as_micros();
        self.trace
            .note(now(), &format!("{} since {invoked}: {what}", self.name));
    }
}

/// The values of an object, as text.
pub fn values_of(object: &Object) -> BTreeSet<String> {
    let values = object.values.iter();
    values
        .map(|value| String::from_utf8_lossy(&value.bytes).into_owned())
        .collect()
}

fn outcome(answer: &Result<Context, Error>) -> Outcome {
    match answer {
        Ok(_) => Outcome::Acknowledged,
        Err(error) if error.outcome_is_unknown() => Outcome::Unknown,
        Err(_) => Outcome::Refused,
    }
}

fn told(answer: &Result<Context, Error>) -> String {
    match answer {
        Ok(context) => format!(
            "acknowledged, context of {} bytes",
            context.as_bytes().len()
        ),
        Err(error) => format!("failed: {error}"),
    }
}
