//! A client that asks for more than a node can have under way: some of it is refused, at once and
//! by type, and the rest is served.

use std::time::Duration;

use cartwheel::message::client::RequestError;
use cartwheel_client::{Bucket, Error};
use cartwheel_simulation::{ClientResult, Cluster, Simulation, secs};
use futures::future::join_all;

/// How many reads of as many keys are begun at once: a node's two shards wait for the disk to bring
/// 512 records each, and every other record is not in memory.
const READS: u64 = 4_000;

/// How long any of them may take: what is taken is served, and what is not is refused at once.
const PATIENCE: Duration = secs(5);

pub fn simulation(seed: u64) -> Simulation {
    Simulation::from_seed(seed)
        .named("a flood")
        .nodes(1)
        .client("everybody", everybody)
}

async fn everybody(cluster: Cluster) -> ClientResult {
    let mut buckets = Vec::new();
    // A connection carries a thousand requests at once.
    for _ in 0..READS / 1_000 {
        let client = cluster.client_of([1], 0).await;
        buckets.push(client.unrecorded().bucket("default"));
    }
    let begun = cluster.now();
    let reads = (0..READS).map(|at| read(&buckets[(at / 1_000) as usize], at));
    let answers = join_all(reads).await;
    let refused = answers
        .iter()
        .filter(|answer| is_overloaded(answer))
        .count();
    let served = answers.iter().filter(|answer| answer.is_ok()).count();
    cluster.note(&format!("{served} reads served, {refused} refused"));
    if refused == 0 {
        cluster.fail(format!("of {READS} reads at once none was refused"));
    }
    if served + refused != answers.len() || served == 0 {
        let others = answers.iter().filter(|answer| !is_overloaded(answer));
        let other = others.filter_map(|answer| answer.as_ref().err()).next();
        cluster.fail(format!("{served} served, {refused} refused, and {other:?}"));
    }
    if cluster.now() > begun + PATIENCE {
        cluster.fail("what is refused is refused at once");
    }
    Ok(())
}

async fn read(bucket: &Bucket, at: u64) -> Result<(), Error> {
    let read = bucket.get(format!("key-{at}")).timeout(PATIENCE);
    read.await.map(|_| ())
}

fn is_overloaded(answer: &Result<(), Error>) -> bool {
    let refusal = answer.as_ref().err().and_then(Error::refusal);
    matches!(refusal, Some(RequestError::Overloaded { .. }))
}
