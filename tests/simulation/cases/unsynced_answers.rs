//! A value that no disk has yet, asked for again and again, and then a power cut.

use cartwheel_simulation::{ClientResult, Cluster, Fault, Simulation, millis, secs};

pub fn simulation(seed: u64) -> Simulation {
    Simulation::from_seed(seed)
        .named("unsynced answers")
        .client("alice", alice)
        .at(secs(2), Fault::Stick(vec![1, 2, 3]))
        .at(millis(2_800), Fault::Crash(vec![1, 2, 3]))
        .at(secs(3), Fault::Restart(vec![1, 2, 3]))
}

/// What she is shown of the second value is judged by what she finds when the power is back.
async fn alice(cluster: Cluster) -> ClientResult {
    let bucket = cluster.client_of([1, 2, 3], 0).await.bucket();
    bucket.put("cart", "milk").await?;
    cluster.until(millis(2_010)).await;
    let put = bucket.put("cart", "eggs").timeout(millis(200)).await;
    if put.is_ok() {
        cluster.fail("nobody can have synced it");
    }
    for _ in 0..10 {
        let _ = bucket.get("cart").timeout(millis(30)).await;
    }
    cluster.until(secs(4)).await;
    bucket.get("cart").await?;
    Ok(())
}
