//! The last look, once all is healed: every key, from all its owners, through every node, and a
//! listing of every bucket.

use std::collections::BTreeSet;
use std::time::Duration;

use cartwheel_client::Page;
use futures::future::join_all;
use futures::stream::TryStreamExt;

use super::cluster::{ClientResult, Cluster};
use super::recorded::RecordedClient;
use crate::history::BucketKey;

/// How often the auditor tries to read a key from all its owners before it says that it can't.
const ATTEMPTS: u32 = 20;

/// The time between two such attempts.
const ATTEMPT_EVERY: Duration = Duration::from_millis(100);

/// The time in which late repairs arrive.
const SETTLING: Duration = Duration::from_secs(1);

/// The longest that one of the auditor's reads may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The name of the host that looks at everything.
pub const AUDITOR: &str = "auditor";

/// Looks at everything.
pub struct Auditor {
    pub cluster: Cluster,
}

impl Auditor {
    /// Heals every key by reading it, then looks at it through every node.
    pub async fn look(self) -> ClientResult {
        self.cluster.progress.settled().await;
        let nodes = self.cluster.nodes;
        let healer = self.cluster.observer(1..=nodes).await;
        for key in self.keys() {
            self.heal(&healer, &key).await;
        }
        self.cluster.sleep(SETTLING).await;
        for node in 1..=nodes {
            let name = format!("auditor of node {node}");
            let client = self.cluster.named(&name).observer([node]).await;
            for key in self.keys() {
                self.see(&client, &name, &key).await;
            }
            self.nothing_lingers(&client, node).await;
        }
        join_all((1..).zip(self.buckets()).map(|(place, bucket)| {
            let node = 1 + place % nodes;
            self.list(node, bucket)
        }))
        .await;
        Ok(())
    }

    fn keys(&self) -> BTreeSet<BucketKey> {
        self.cluster.history.borrow().keys.clone()
    }

    /// The buckets whose listings are known to be what their reads are: an extension that writes may
    /// do so in between.
    fn buckets(&self) -> Vec<String> {
        let history = self.cluster.history.borrow();
        match history.extensions_write_after {
            Some(_) => Vec::new(),
            None => history.buckets.keys().cloned().collect(),
        }
    }

    /// A listing shows what is there, and nothing else.
    async fn list(&self, node: u64, bucket: String) {
        let name = format!("auditor of the keys of {bucket}");
        let client = self.cluster.named(&name).observer([node]).await;
        let Some(listed) = client.known(&bucket) else {
            return;
        };
        let pages: Result<Vec<Page>, _> =
            listed.list().timeout(PATIENCE).pages().try_collect().await;
        let pages = match pages {
            Ok(pages) => pages,
            Err(error) => return self.fail(format!("node {node} can't list {bucket}: {error}")),
        };
        let incomplete: Vec<u16> = pages
            .iter()
            .flat_map(|page| page.incomplete.clone())
            .collect();
        if !incomplete.is_empty() {
            let lists = format!("node {node} lists {bucket}");
            self.fail(format!("{lists} without an answer of {incomplete:?}"));
        }
        let keys = pages.iter().flat_map(|page| &page.keys);
        let keys: BTreeSet<String> = keys
            .map(|key| String::from_utf8_lossy(key).into_owned())
            .collect();
        let there = self.there(&bucket);
        if keys != there {
            self.fail(format!(
                "node {node} lists {keys:?} of {bucket}, not {there:?}"
            ));
        }
    }

    /// The keys of a bucket of which a value was found.
    fn there(&self, bucket: &str) -> BTreeSet<String> {
        let history = self.cluster.history.borrow();
        let found = history.last.iter();
        let found = found.filter(|(key, values)| *key.bucket == *bucket && !values.is_empty());
        found.map(|(key, _)| key.key.to_string()).collect()
    }

    fn fail(&self, why: String) {
        self.cluster.trace.fail(why);
    }

    async fn heal(&self, client: &RecordedClient, key: &BucketKey) {
        for _ in 0..ATTEMPTS {
            if self.read(client, key).await.is_some() {
                return;
            }
            self.cluster.sleep(ATTEMPT_EVERY).await;
        }
        self.fail(format!("{key} can't be read from all its owners"));
    }

    async fn see(&self, client: &RecordedClient, reader: &str, key: &BucketKey) {
        let Some(values) = self.read(client, key).await else {
            return self.fail(format!("{reader} can't read {key}"));
        };
        let last = &mut self.cluster.history.borrow_mut().last;
        let first = last.entry(key.clone()).or_insert_with(|| values.clone());
        if *first != values {
            self.fail(format!("{reader} finds {values:?} at {key}, not {first:?}"));
        }
    }

    /// The names of what a key holds, asked of all its owners.
    async fn read(&self, client: &RecordedClient, key: &BucketKey) -> Option<BTreeSet<String>> {
        let bucket = client.known(&key.bucket)?;
        let get = bucket.get(&*key.key).r(bucket.policy().n).timeout(PATIENCE);
        get.names().await.ok().map(BTreeSet::from_iter)
    }

    /// Nobody waits for anything any more, so nothing may be under way.
    async fn nothing_lingers(&self, client: &RecordedClient, node: u64) {
        match client.unrecorded().status().await {
            Ok(status) => {
                for shard in status.shards {
                    if shard.operations + shard.unwritten > 0 {
                        let (operations, unwritten) = (shard.operations, shard.unwritten);
                        self.fail(format!(
                            "node {node} shard {}: {operations} operations and {unwritten} records linger",
                            shard.shard
                        ));
                    }
                }
            }
            Err(error) => self.fail(format!("node {node} has no status: {error}")),
        }
    }
}

/// Reads every key from all its owners again and again, so that what was damaged is healed.
pub async fn heal_always(auditor: Auditor) -> ClientResult {
    let nodes = auditor.cluster.nodes;
    let healer = auditor.cluster.observer(1..=nodes).await;
    while !auditor.cluster.progress.is_settled() {
        for key in auditor.keys() {
            // Whether it could be read is not its concern.
            let _ = auditor.read(&healer, &key).await;
        }
        auditor.cluster.sleep(ATTEMPT_EVERY).await;
    }
    Ok(())
}
