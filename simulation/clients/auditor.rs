//! The last look, once all is healed: every key, from all its owners, through every node.

use std::collections::BTreeSet;
use std::time::Duration;

use cartwheel_client::{Bucket, Client};

use super::client;
use super::worker::{keys, values_of};
use crate::cluster::OWNERS;
use crate::history::{Asked, Ended, Read, SharedHistory};
use crate::trace::{Trace, now};

/// How often the auditor tries to read a key from all its owners before it says that it can't.
const ATTEMPTS: u32 = 20;

/// The time between two such attempts.
const ATTEMPT_EVERY: Duration = Duration::from_millis(100);

/// The time in which late repairs arrive.
const SETTLING: Duration = Duration::from_secs(1);

/// The longest that one of the auditor's reads may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Looks at everything.
pub struct Auditor {
    pub nodes: u64,
    pub seed: u64,
    pub history: SharedHistory,
    pub trace: Trace,
}

impl Auditor {
    /// Heals every key by reading it, then looks at it through every node.
    pub async fn look(self, at: Duration) -> turmoil::Result {
        tokio::time::sleep(at).await;
        let healer = client("auditor", self.seed, 1..=self.nodes, 4).await;
        for key in keys() {
            self.heal(&healer.bucket("default"), &key).await;
        }
        tokio::time::sleep(SETTLING).await;
        for node in 1..=self.nodes {
            let name = format!("auditor of node {node}");
            let client = client(&name, self.seed, node..=node, 4).await;
            for key in keys() {
                self.see(&client.bucket("default"), &name, &key).await;
            }
            self.nothing_lingers(&client, node).await;
        }
        Ok(())
    }

    async fn heal(&self, bucket: &Bucket, key: &str) {
        for _ in 0..ATTEMPTS {
            if self.read(bucket, "auditor", key).await.is_some() {
                return;
            }
            tokio::time::sleep(ATTEMPT_EVERY).await;
        }
        self.trace
            .fail(format!("{key} can't be read from all its owners"));
    }

    async fn see(&self, bucket: &Bucket, reader: &str, key: &str) {
        let Some(values) = self.read(bucket, reader, key).await else {
            return self.trace.fail(format!("{reader} can't read {key}"));
        };
        let values: BTreeSet<String> = values.into_iter().collect();
        let last = &mut self.history.borrow_mut().last;
        let first = last.entry(key.to_owned()).or_insert_with(|| values.clone());
        if *first != values {
            self.trace
                .fail(format!("{reader} finds {values:?} at {key}, not {first:?}"));
        }
    }

    async fn read(&self, bucket: &Bucket, reader: &str, key: &str) -> Option<Vec<String>> {
        let asked = Asked {
            at: now(),
            patience: PATIENCE,
        };
        let object = bucket.get(key).r(OWNERS).timeout(PATIENCE).send().await;
        let values = object.as_ref().ok().map(values_of);
        self.trace
            .note(now(), &format!("{reader} finds {key}: {values:?}"));
        self.history.borrow_mut().reads.push(Read {
            key: key.to_owned(),
            seen: BTreeSet::new(),
            asked,
            ended: Some(Ended {
                at: now(),
                with: values.clone(),
            }),
        });
        values
    }

    /// Nobody waits for anything any more, so nothing may be under way.
    async fn nothing_lingers(&self, client: &Client, node: u64) {
        match client.status().await {
            Ok(status) => {
                for shard in status.shards {
                    if shard.operations + shard.unwritten > 0 {
                        let (operations, unwritten) = (shard.operations, shard.unwritten);
                        self.trace.fail(format!(
                            "node {node} shard {}: {operations} operations and {unwritten} records linger",
                            shard.shard
                        ));
                    }
                }
            }
            Err(error) => self
                .trace
                .fail(format!("node {node} has no status: {error}")),
        }
    }
}

/// Reads every key from all its owners again and again, so that what was damaged is healed.
pub async fn heal_always(
    nodes: u64,
    seed: u64,
    history: SharedHistory,
    trace: Trace,
    until: Duration,
) -> turmoil::Result {
    let auditor = Auditor {
        nodes,
        seed,
        history,
        trace,
    };
    let bucket = client("healer", seed, 1..=nodes, 4).await.bucket("default");
    while now() < until {
        for key in keys() {
            auditor.read(&bucket, "healer", &key).await;
        }
        tokio::time::sleep(ATTEMPT_EVERY).await;
    }
    Ok(())
}
