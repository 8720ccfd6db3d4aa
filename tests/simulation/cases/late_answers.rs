//! Answers that come for what an earlier life of a coordinator has asked: none may count for what
//! a later one asks.

use cartwheel_simulation::{
    ClientResult, Cluster, Fault, Mix, RecordedBucket, Simulation, links, millis, secs,
};
use futures::future::join_all;

/// How long clients write while actors panic.
const WORK_SECS: u64 = 30;

/// How many keys are written at once: the first operations of a life have the numbers that the
/// first of the life before it had.
const AT_ONCE: u64 = 16;

/// All writes go through node 1, from which the others are far away; each that was acknowledged is
/// read at once by those two alone.
pub fn simulation(seed: u64) -> Simulation {
    Simulation::from_seed(seed)
        .named("late answers")
        .client("alice", alice)
        .at(
            millis(200),
            Fault::SlowLinks(links(&[1], &[2, 3]), millis(300)),
        )
        .faults(Mix::empty().panics(true).until(secs(WORK_SECS)))
}

async fn alice(cluster: Cluster) -> ClientResult {
    let first = cluster.client_of([1], 0).await.bucket();
    let others = cluster.client_of([2, 3], 0).await.bucket();
    let mut round = 0;
    while cluster.now() < secs(WORK_SECS) {
        round += 1;
        let keys = (0..AT_ONCE).map(|at| format!("key-{at}"));
        join_all(keys.map(|key| write_and_read(&first, &others, key, round))).await;
    }
    Ok(())
}

/// What fails has failed: a panic costs the requests in hand.
async fn write_and_read(first: &RecordedBucket, others: &RecordedBucket, key: String, round: u64) {
    let Ok(seen) = others.get(&key).await else {
        return;
    };
    let put = first
        .put(&key, format!("round {round}"))
        .context(&seen.context);
    if put.await.is_ok() {
        let _ = others.get(&key).await;
    }
}
