//! Two nodes with copies of one data directory, both alive.

use cartwheel_simulation::{ClientResult, Cluster, Fault, Simulation, millis, secs};

/// A second process opens a copy of node 1's directory, and a client finds it; what it acknowledges
/// counts for node 1, which has none of it.
pub fn simulation(seed: u64) -> Simulation {
    Simulation::from_seed(seed)
        .named("two nodes with copies of one data directory")
        .client("alice", alice)
        .client("mallory", mallory)
        .at(secs(2), Fault::OpenTwice(1))
}

/// Reads and writes through the nodes that everybody knows.
async fn alice(cluster: Cluster) -> ClientResult {
    let bucket = cluster.client().await.bucket();
    while cluster.now() < secs(8) {
        let cart = bucket.get("cart").await?;
        bucket.put("cart", "milk").context(cart.context).await?;
        cluster.sleep(millis(20)).await;
    }
    Ok(())
}

/// Writes through the second process, for as long as it serves.
async fn mallory(cluster: Cluster) -> ClientResult {
    cluster.until(secs(2)).await;
    let connecting = cluster.client_of_twin(1, 0);
    let Ok(client) = tokio::time::timeout(secs(4), connecting).await else {
        cluster.happened("a second opening that served nobody");
        return Ok(());
    };
    let bucket = client.bucket();
    while cluster.now() < secs(8) {
        // Whether it is taken is not for this client to say.
        let _ = bucket.put("cart", "eggs").timeout(millis(500)).await;
        cluster.sleep(millis(20)).await;
    }
    Ok(())
}
