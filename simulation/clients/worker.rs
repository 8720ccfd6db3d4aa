//! Clients at work: each reads, puts and deletes a few keys, one after the other.

use std::collections::BTreeMap;
use std::time::Duration;

use cartwheel_client::{Context, Error, Written};
use tokio::task::JoinSet;

use super::cluster::{ClientResult, Cluster};
use super::recorded::RecordedBucket;
use crate::dice::Dice;
use crate::trace::now;

/// Few keys, so that writers meet.
const KEYS: u64 = 6;

/// The workers of a host, who share its connections; every other one is careful.
const WORKERS: u64 = 4;

/// The longest rest between two operations, in milliseconds.
const REST_MS_MAX: u64 = 15;

/// How a client deals with what goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Temper {
    /// It waits and tries again, for longer than most faults last.
    Patient,
    /// It asks once, and does not wait for long.
    Hasty,
}

/// A host of workers: a load for a cluster until that time. Each knows what it has read and
/// written; some always hand in their latest context, others sometimes none or a wrong one.
pub async fn work(cluster: Cluster, temper: Temper, until: Duration) -> ClientResult {
    let retries = match temper {
        Temper::Patient => 4,
        Temper::Hasty => 0,
    };
    let client = cluster.client_of(1..=cluster.nodes(), retries).await;
    let mut workers = JoinSet::new();
    for number in 0..WORKERS {
        let name = format!("{}-{number}", cluster.name());
        let worker = Worker {
            bucket: client.bucket().named(&name),
            dice: cluster.named(name).dice(),
            temper,
            careful: number % 2 == 0,
            known: BTreeMap::new(),
        };
        workers.spawn_local(worker.work(until));
    }
    while let Some(worker) = workers.join_next().await {
        worker?;
    }
    Ok(())
}

/// A client, and what it knows.
struct Worker {
    bucket: RecordedBucket,
    dice: Dice,
    temper: Temper,
    /// Whether it always reads and writes with its latest context.
    careful: bool,
    /// What it last saw of each key.
    known: BTreeMap<String, Context>,
}

impl Worker {
    async fn work(mut self, until: Duration) {
        while now() < until {
            let key = format!("key-{}", self.dice.below(KEYS));
            match self.dice.below(10) {
                0..4 => self.get(key).await,
                4..9 => self.put(key).await,
                _ => self.delete(key).await,
            }
            let rest = self.dice.below(REST_MS_MAX);
            tokio::time::sleep(Duration::from_millis(rest)).await;
        }
    }

    async fn get(&mut self, key: String) {
        let handed = match self.careful {
            true => self.known(&key),
            false => Context::default(),
        };
        let get = self.bucket.get(&key).context(handed);
        if let Ok(object) = get.timeout(self.patience()).await {
            self.known.insert(key, object.context);
        }
    }

    async fn put(&mut self, key: String) {
        let Some(handed) = self.context_for(&key) else {
            return self.get(key).await;
        };
        let value = format!("value-{}", self.dice.below(1_000));
        let put = self.bucket.put(&key, value).context(handed);
        let answer = put.timeout(self.patience()).await;
        self.learn(key, answer);
    }

    /// Deletes what it last saw, if it saw anything.
    async fn delete(&mut self, key: String) {
        let known = self.known(&key);
        if !known.is_empty() {
            let delete = self.bucket.delete(&key, known);
            let answer = delete.timeout(self.patience()).await;
            self.learn(key, answer);
        }
    }

    fn learn(&mut self, key: String, answer: Result<Written, Error>) {
        if let Ok(written) = answer {
            self.known.insert(key, written.context);
        }
    }

    fn known(&self, key: &str) -> Context {
        self.known.get(key).cloned().unwrap_or_default()
    }

    /// What a put hands in: the latest context, and of those who are not careful now and then
    /// none at all, or that of another key, which must be refused. Nothing: it has to read first.
    fn context_for(&mut self, key: &str) -> Option<Context> {
        if self.careful {
            return self.known.get(key).cloned();
        }
        Some(match self.dice.below(40) {
            0..2 => self.foreign_context(key),
            2..10 => Context::default(),
            _ => self.known(key),
        })
    }

    fn foreign_context(&self, key: &str) -> Context {
        let mut others = self.known.iter();
        let other = others.find(|(other, _)| *other != key);
        other.map_or_else(Context::default, |(_, context)| context.clone())
    }

    fn patience(&mut self) -> Duration {
        match self.temper {
            Temper::Patient => Duration::from_secs(5),
            Temper::Hasty => Duration::from_millis(self.dice.between(20, 400)),
        }
    }
}
