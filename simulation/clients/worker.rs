//! One client at work: reads, puts and deletes a few keys, one after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cartwheel::message::client::{Explain, ExplainStep};
use cartwheel_client::{Bucket, Context, Error, Object, Written};

use crate::dice::Dice;
use crate::history::{Asked, Ended, Outcome, Read, SharedHistory, Write};
use crate::trace::{Trace, now};

/// Few keys, so that writers meet.
const KEYS: u64 = 6;

/// The longest rest between two operations, in milliseconds.
const REST_MS_MAX: u64 = 15;

/// Every key that workers use.
pub fn keys() -> impl Iterator<Item = String> {
    (0..KEYS).map(|key| format!("key-{key}"))
}

/// How a client deals with what goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Temper {
    /// It waits and tries again, for longer than most faults last.
    Patient,
    /// It asks once, and does not wait for long.
    Hasty,
}

/// What a worker knows of a key.
#[derive(Clone, Debug, Default)]
struct Known {
    context: Context,
    /// The values that the context is known to cover.
    covers: BTreeSet<String>,
}

/// A client, and what it knows.
pub struct Worker {
    name: String,
    bucket: Bucket,
    temper: Temper,
    /// Whether it always reads and writes with its latest context.
    careful: bool,
    /// Whether the nodes it asks may hand its writes on, and on again.
    forwards: bool,
    dice: Dice,
    history: SharedHistory,
    trace: Trace,
    known: BTreeMap<String, Known>,
}

/// What a worker is made of.
pub struct Surroundings {
    pub bucket: Bucket,
    pub temper: Temper,
    pub forwards: bool,
    pub history: SharedHistory,
    pub trace: Trace,
}

impl Worker {
    /// A client that knows nothing yet.
    pub fn new(name: String, careful: bool, dice: Dice, around: &Surroundings) -> Self {
        Self {
            name,
            bucket: around.bucket.clone(),
            temper: around.temper,
            careful,
            forwards: around.forwards,
            dice,
            history: around.history.clone(),
            trace: around.trace.clone(),
            known: BTreeMap::new(),
        }
    }

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
        let known = self.known.get(&key).cloned().unwrap_or_default();
        let handed = match self.careful {
            true => known,
            false => Known::default(),
        };
        let asked = self.ask();
        let at = self.begin_read(&key, handed.covers, asked);
        let get = self.bucket.get(&key).context(handed.context);
        match get.timeout(asked.patience).explain().send().await {
            Ok(object) => {
                let values = values_of(&object);
                self.note(asked, &format!("get {key} found {values:?}"));
                self.explained(&key, None, object.explain.as_deref());
                let covers = values.iter().cloned().collect();
                let context = object.context;
                self.known.insert(key, Known { context, covers });
                self.end_read(at, Some(values));
            }
            Err(error) => {
                self.note(asked, &format!("get {key} failed: {error}"));
                self.end_read(at, None);
            }
        }
    }

    async fn put(&mut self, key: String, turn: u64) {
        let Some(handed) = self.context_for(&key) else {
            return self.get(key).await;
        };
        let value = format!("{}-{turn}", self.name);
        let asked = self.ask();
        let at = self.begin_write(&key, Some(&value), &handed.covers, asked);
        let put = self.bucket.put(&key, value.clone()).context(handed.context);
        let answer = put.timeout(asked.patience).explain().send().await;
        self.told(
            asked,
            &format!("put {key} {value} over {:?}", handed.covers),
            &answer,
        );
        self.end_write(at, &answer);
        if let Ok(Written { context, explain }) = answer {
            self.explained(&key, Some(&value), explain.as_deref());
            let mut covers = handed.covers;
            covers.insert(value);
            self.known.insert(key, Known { context, covers });
        }
    }

    /// Deletes what it last saw, if it saw anything.
    async fn delete(&mut self, key: String) {
        let known = self.known.get(&key).cloned().unwrap_or_default();
        if known.context.is_empty() {
            return;
        }
        let asked = self.ask();
        let at = self.begin_write(&key, None, &known.covers, asked);
        let delete = self.bucket.delete(&key, known.context);
        let answer = delete.timeout(asked.patience).explain().send().await;
        let covers = known.covers;
        self.told(asked, &format!("delete {key} of {covers:?}"), &answer);
        self.end_write(at, &answer);
        if let Ok(Written { context, .. }) = answer {
            self.known.insert(key, Known { context, covers });
        }
    }

    /// What a put hands in: the latest context, and of those who are not careful now and then
    /// none at all, or that of another key, which must be refused. Nothing: it has to read first.
    fn context_for(&mut self, key: &str) -> Option<Known> {
        if self.careful {
            return self.known.get(key).cloned();
        }
        let known = self.known.get(key).cloned().unwrap_or_default();
        Some(match self.dice.below(40) {
            0..2 => Known {
                context: self.foreign_context(key),
                covers: BTreeSet::new(),
            },
            2..10 => Known::default(),
            _ => known,
        })
    }

    fn foreign_context(&self, key: &str) -> Context {
        let mut others = self.known.iter();
        let other = others.find(|(other, _)| *other != key);
        other.map_or_else(Context::default, |(_, known)| known.context.clone())
    }

    fn ask(&mut self) -> Asked {
        let patience = match self.temper {
            Temper::Patient => Duration::from_secs(5),
            Temper::Hasty => Duration::from_millis(self.dice.between(20, 400)),
        };
        Asked {
            at: now(),
            patience,
        }
    }

    fn begin_read(&self, key: &str, seen: BTreeSet<String>, asked: Asked) -> usize {
        let mut history = self.history.borrow_mut();
        history.reads.push(Read {
            key: key.to_owned(),
            seen,
            asked,
            ended: None,
        });
        history.reads.len() - 1
    }

    fn end_read(&self, at: usize, values: Option<Vec<String>>) {
        let mut history = self.history.borrow_mut();
        history.happened(match values {
            Some(_) => "a read that was answered",
            None => "a read that failed",
        });
        let ended = Ended {
            at: now(),
            with: values,
        };
        history.reads[at].ended = Some(ended);
    }

    fn begin_write(
        &self,
        key: &str,
        value: Option<&str>,
        covers: &BTreeSet<String>,
        asked: Asked,
    ) -> usize {
        let mut history = self.history.borrow_mut();
        history.writes.push(Write {
            key: key.to_owned(),
            value: value.map(str::to_owned),
            covers: covers.clone(),
            asked,
            ended: None,
            once: false,
        });
        history.writes.len() - 1
    }

    fn end_write(&self, at: usize, answer: &Result<Written, Error>) {
        let outcome = outcome(answer);
        let explain = answer.as_ref().ok();
        let explain = explain.and_then(|written| written.explain.as_deref());
        let direct = explain.is_some_and(|explain| explain.forwarded_by.is_none());
        let mut history = self.history.borrow_mut();
        history.happened(match outcome {
            Outcome::Acknowledged => "a write that was acknowledged",
            Outcome::Unknown => "a write of unknown outcome",
            Outcome::Refused => "a write that was refused",
        });
        let write = &mut history.writes[at];
        write.once = self.temper == Temper::Hasty && (direct || !self.forwards);
        write.ended = Some(Ended {
            at: now(),
            with: outcome,
        });
    }

    /// Keeps of an account what the checker wants to know.
    fn explained(&self, key: &str, value: Option<&str>, explain: Option<&Explain>) {
        let Some(explain) = explain else { return };
        let mut history = self.history.borrow_mut();
        if explain.forwarded_by.is_some() {
            history.happened("a request that was handed on");
        }
        for event in &explain.events {
            match (&event.step, value) {
                (ExplainStep::Minted(dot), Some(value)) => history.dot(*dot, key, value),
                (ExplainStep::AlreadyWritten(dot), Some(value)) => {
                    history.happened("a retry that met its first attempt");
                    history.dot(*dot, key, value);
                }
                (ExplainStep::Repaired, _) => history.happened("a repair before the answer"),
                (ExplainStep::Hedged, _) => history.happened("a read that was hedged"),
                _ => {}
            }
        }
    }

    fn told(&self, asked: Asked, what: &str, answer: &Result<Written, Error>) {
        let told = match answer {
            Ok(Written { context, .. }) => {
                let bytes = context.as_bytes().len();
                format!("acknowledged, context of {bytes} bytes")
            }
            Err(error) => format!("{:?}: {error}", outcome(answer)),
        };
        self.note(asked, &format!("{what}: {told}"));
    }

    fn note(&self, asked: Asked, what: &str) {
        let asked = asked.at.as_micros();
        self.trace
            .note(now(), &format!("{} since {asked}: {what}", self.name));
    }
}

/// The values of an object, as text, in order; one that is there twice is there twice.
pub fn values_of(object: &Object) -> Vec<String> {
    let values = object.values.iter();
    let mut values: Vec<String> = values
        .map(|value| String::from_utf8_lossy(&value.bytes).into_owned())
        .collect();
    values.sort_unstable();
    values
}

fn outcome(answer: &Result<Written, Error>) -> Outcome {
    match answer {
        Ok(_) => Outcome::Acknowledged,
        Err(error) if error.outcome_is_unknown() => Outcome::Unknown,
        Err(_) => Outcome::Refused,
    }
}
