//! A node whose dots are slow to arrive forgets some of them, and goes on writing.

use cartwheel_simulation::{ClientResult, Cluster, Fault, Simulation, links, millis, secs};

/// How often the node's record is damaged.
const ROUNDS: u64 = 40;

/// What node 1 writes takes long to reach the others, which read meanwhile, find its record corrupt
/// and repair it with what they have: node 1 has forgotten the dots that are still on their way.
/// What it writes next must not claim to know them.
pub fn simulation(seed: u64) -> Simulation {
    let mut simulation = Simulation::from_seed(seed)
        .named("forgotten dots")
        .client("alice", alice)
        .client("bob", alice)
        .client("carol", carol)
        .client("dave", carol)
        .at(secs(1), Fault::SlowLinks(links(&[1], &[2, 3]), millis(150)));
    for round in 1..=ROUNDS {
        let at = 13 * round as usize;
        let (node, key) = (1, "cart".into());
        let corrupt = Fault::Corrupt { node, key, at };
        simulation = simulation.at(secs(1) + millis(400 * round), corrupt);
    }
    simulation
}

/// Writes through node 1, over what was last read or over nothing.
async fn alice(cluster: Cluster) -> ClientResult {
    let bucket = cluster.client_of([1], 0).await.bucket();
    let mut turn = 0;
    while cluster.now() < secs(18) {
        turn += 1;
        let put = bucket.put("cart", "milk").timeout(secs(1));
        let _ = match turn % 6 {
            0 => match bucket.get("cart").timeout(secs(1)).await {
                Ok(cart) => put.context(cart.context).await,
                Err(error) => Err(error),
            },
            _ => put.await,
        };
    }
    Ok(())
}

/// Reads through the others.
async fn carol(cluster: Cluster) -> ClientResult {
    let bucket = cluster.client_of([2, 3], 0).await.bucket();
    while cluster.now() < secs(18) {
        let _ = bucket.get("cart").r(3).timeout(secs(1)).await;
        cluster.sleep(millis(5)).await;
    }
    Ok(())
}
