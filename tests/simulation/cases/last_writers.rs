//! Last writer wins (rule 8), where stamps and what was seen disagree: a clock is slow, though by
//! no more than it may be, or a node was cut off.

use cartwheel_client::{Bucket, BucketPolicy, ConflictRule, Context};
use cartwheel_simulation::{
    ClientResult, Cluster, Fault, MachineFault, Simulation, links, millis, secs,
};

/// By how much node 3's clock is slow; a node that is off by more stamps nothing.
const SLOW_MS: i64 = -400;

/// Node 1 is cut off while a value of its own is kept there alone; the clock of node 3 is slow.
pub fn simulation(seed: u64) -> Simulation {
    Simulation::from_seed(seed)
        .named("last writers")
        .client("alice", alice)
        .at(secs(1), Fault::Machine(3, MachineFault::JumpClock(SLOW_MS)))
        .at(secs(5), Fault::partition(&[1], &[2, 3]))
        .at(secs(9), Fault::Mend(links(&[1], &[2, 3])))
}

async fn alice(cluster: Cluster) -> ClientResult {
    let policy = BucketPolicy {
        name: "sessions".to_owned(),
        conflict: ConflictRule::Lww,
        ..BucketPolicy::default_bucket(3)
    };
    cluster.until(secs(4)).await;
    let creator = cluster.client().await;
    creator.unrecorded().create_bucket(policy).await?;
    the_later_wins(&cluster).await?;
    a_write_outlives_the_delete_before_it(&cluster).await?;
    the_third_outlives_what_the_second_had_beaten(&cluster).await
}

/// The bucket, through one node.
async fn through(cluster: &Cluster, node: u64) -> Bucket {
    let client = cluster.client_of([node], 4).await;
    client.unrecorded().bucket("sessions")
}

/// What the key holds, as all owners have it.
async fn expect(cluster: &Cluster, key: &str, value: &str) -> ClientResult {
    for node in 1..=3 {
        let found = through(cluster, node).await.get(key).r(3).await?;
        if found.values.len() != 1 || found.value().is_none_or(|found| found != value) {
            cluster.fail(format!(
                "{key} through node {node} is not {value}: {found:?}"
            ));
        }
    }
    Ok(())
}

async fn the_later_wins(cluster: &Cluster) -> ClientResult {
    through(cluster, 1).await.put("blind", "milk").await?;
    through(cluster, 2).await.put("blind", "eggs").await?;
    expect(cluster, "blind", "eggs").await
}

/// The mark of the delete is stamped by a clock that is right, and the write by a slow one.
async fn a_write_outlives_the_delete_before_it(cluster: &Cluster) -> ClientResult {
    let right = through(cluster, 2).await;
    let written = right.put("deleted", "milk").await?;
    right.delete("deleted", written.context).await?;
    let slow = through(cluster, 3).await;
    slow.put("deleted", "eggs").await?;
    expect(cluster, "deleted", "eggs").await
}

/// `A5` is written while `B3` is, which nobody sees together; then `C2` replaces `B3` by a clock
/// that is behind both. Were it stamped by that clock, `A5` would beat it, and `B3` beats `A5`:
/// what is left would hang on who meets whom.
async fn the_third_outlives_what_the_second_had_beaten(cluster: &Cluster) -> ClientResult {
    let (one, two) = (through(cluster, 1).await, through(cluster, 2).await);
    let three = through(cluster, 3).await;
    // The links are down by then, and nobody waits for who is away.
    cluster.until(secs(7)).await;
    one.put("cart", "A5").w(1).await?;
    cluster.sleep(millis(50)).await;
    let seen: Context = two.put("cart", "B3").await?.context;
    three.put("cart", "C2").context(seen).await?;
    cluster.until(secs(13)).await;
    expect(cluster, "cart", "C2").await
}
