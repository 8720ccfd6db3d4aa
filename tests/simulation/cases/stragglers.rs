//! An owner that lacks a value is told of it behind the answer to a read that it came too late for.

use cartwheel::config::ReadFanout;
use cartwheel_simulation::{ClientResult, Cluster, Fault, Simulation, links, millis, secs};

/// How often a value is written of which an owner does not hear.
const ROUNDS: u64 = 5;

/// Node 3 is cut off and misses a value; then one read through node 1 asks all, and answers when
/// the first two agree. In the end node 3 has the value, though no read waited for it.
pub fn simulation(seed: u64) -> Simulation {
    let mut simulation = Simulation::from_seed(seed)
        .named("stragglers")
        .configure(|config| config.coordination.read_fanout = ReadFanout::All)
        .client("alice", alice);
    for round in 1..=ROUNDS {
        let away = links(&[3], &[1, 2]);
        simulation = simulation
            .at(secs(10 * round), Fault::Cut(away.clone()))
            .at(secs(10 * round + 3), Fault::Mend(away));
    }
    simulation
}

async fn alice(cluster: Cluster) -> ClientResult {
    let first = cluster.client_of([1], 4).await.bucket();
    let third = cluster.client_of([3], 4).await.bucket();
    for round in 1..=ROUNDS {
        let key = format!("cart-{round}");
        // The link is down by then, and the put asks nobody who is away.
        cluster.until(secs(10 * round + 2)).await;
        first.put(&key, "milk").await?;
        // The link is up again.
        cluster.until(secs(10 * round + 8)).await;
        first.get(&key).await?;
        cluster.sleep(millis(500)).await;
        let found = third.get(&key).r(1).await?;
        if found.value().is_none() {
            cluster.fail(format!(
                "an owner still lacks {key} behind a read that asked it"
            ));
        }
    }
    Ok(())
}
