//! Hosts of clients at work: the load of our own campaigns.

use std::collections::BTreeMap;
use std::time::Duration;

use cartwheel::bucket::Bucket;
use cartwheel::message::client::RequestError;
use futures::future::join_all;

use super::cluster::{ClientResult, Cluster};
use super::notebook::Notebook;
use super::recorded::{RecordedBucket, RecordedClient};
use super::worker::Worker;
use crate::trace::now;

/// The workers of a host, who share its connections; every other one is careful.
const WORKERS: u64 = 4;

/// So many of them keep a notebook.
const NOTEBOOKS: u64 = 2;

/// How long a host waits before it tries again to create a bucket.
const CREATE_EVERY: Duration = Duration::from_millis(100);

/// How a client deals with what goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Temper {
    /// It waits and tries again, for longer than most faults last.
    Patient,
    /// It asks once, and does not wait for long.
    Hasty,
}

/// A host of workers: a load for a cluster until that time, on `default` and on buckets with these
/// policies, which it creates. Each worker knows what it has read and written; some always hand in
/// their latest context, others sometimes none or a wrong one. What some have begun to put their next
/// life sends again, as the notebook has it.
pub async fn work(
    cluster: Cluster,
    temper: Temper,
    policies: Vec<Bucket>,
    until: Duration,
    notebook: Notebook,
) -> ClientResult {
    let retries = match temper {
        Temper::Patient => 4,
        Temper::Hasty => 0,
    };
    let client = cluster.client_of(1..=cluster.nodes(), retries).await;
    let buckets = buckets(&cluster, &client, policies, until).await;
    let workers = (0..WORKERS).map(|number| {
        let name = format!("{}-{number}", cluster.name());
        let buckets = buckets.iter();
        let worker = Worker {
            number,
            notebook: (number < NOTEBOOKS).then(|| notebook.clone()),
            buckets: buckets.map(|bucket| bucket.named(&name)).collect(),
            dice: cluster.named(name).dice(),
            temper,
            careful: number % 2 == 0,
            known: BTreeMap::new(),
        };
        worker.work(until)
    });
    // All in one task, so that they die in one moment.
    join_all(workers).await;
    Ok(())
}

/// `default`, and what could be created until that time: all members must be up for it.
async fn buckets(
    cluster: &Cluster,
    client: &RecordedClient,
    policies: Vec<Bucket>,
    until: Duration,
) -> Vec<RecordedBucket> {
    let created = policies
        .into_iter()
        .map(|policy| create(cluster, client, policy, until));
    let created = join_all(created).await.into_iter().flatten();
    [client.bucket()].into_iter().chain(created).collect()
}

async fn create(
    cluster: &Cluster,
    client: &RecordedClient,
    policy: Bucket,
    until: Duration,
) -> Option<RecordedBucket> {
    while now() < until {
        match client.create_bucket(policy.clone()).await {
            Ok(bucket) => return Some(bucket),
            // All who create it want the same.
            Err(error) if matches!(error.refusal(), Some(RequestError::BucketExists { .. })) => {
                cluster.fail(error.to_string());
                return None;
            }
            Err(_) => cluster.sleep(CREATE_EVERY).await,
        }
    }
    None
}
