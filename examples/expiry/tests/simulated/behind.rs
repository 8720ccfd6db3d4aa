//! Whoever has fallen behind catches up, and soon.

use std::time::Duration;

use cartwheel::message::client::ExtensionState;
use cartwheel_client::Bucket;
use cartwheel_simulation::{Cluster, Simulation, millis, secs};
use futures::{StreamExt, stream};

use super::{TIME, short};

/// In this time thirteen thousand objects are listed, noted and deleted, beside their own time: it
/// took 26 s when this was written.
const CATCHING_UP: Duration = secs(40);

/// A cluster whose expiry falls behind soon.
fn simulation(seed: u64) -> Simulation {
    let simulation = Simulation::from_seed(seed).at_most(secs(300));
    let settings = "bucket = 'short'\nafter_ms = 6000";
    simulation.extension(expiry::that_waits_for(16), settings)
}

/// Puts many keys at once, each at all of its owners.
async fn put(bucket: &Bucket, keys: u32, at_once: usize) {
    let puts = stream::iter(0..keys).map(|key| async move {
        let key = format!("key {key:05}");
        while bucket.put(&key, "value").w(3).send().await.is_err() {
            tokio::time::sleep(millis(20)).await;
        }
    });
    puts.buffer_unordered(at_once).collect::<()>().await;
}

/// Of how many records a node's expiry has not heard.
async fn lost(cluster: &Cluster, node: u64) -> u64 {
    let client = cluster.client_of([node], 4).await;
    let status = client.unrecorded().status().await;
    let state = status.map(|status| status.extensions[0].state.clone());
    let Ok(ExtensionState::Shown(shown)) = state else {
        return 0;
    };
    let lost = shown.iter().find(|(name, _)| name == "lost");
    lost.and_then(|(_, lost)| lost.parse().ok()).unwrap_or(0)
}

/// Of how many records no expiry has heard.
async fn lost_everywhere(cluster: &Cluster) -> u64 {
    let mut least = u64::MAX;
    for node in 1..=3 {
        least = least.min(lost(cluster, node).await);
    }
    least
}

/// How many of the keys are there.
async fn left(bucket: &Bucket, keys: u32) -> u32 {
    let gets = stream::iter(0..keys).map(|key| async move {
        let found = bucket.get(format!("key {key:05}")).send().await;
        u32::from(!found.is_ok_and(|object| object.is_absent()))
    });
    let gets = gets.buffer_unordered(200);
    gets.fold(0, |left, one| async move { left + one }).await
}

/// Until no key is there.
async fn emptied(bucket: &Bucket, keys: u32) {
    while left(bucket, keys).await > 0 {
        tokio::time::sleep(secs(1)).await;
    }
}

#[test]
fn thirteen_thousand_objects_of_which_most_were_not_heard_vanish_soon() {
    let report = simulation(1).client("writer", |cluster| async move {
        let bucket = short(&cluster, 1..=3).await;
        // The listing with which every node begins is over.
        cluster.sleep(secs(15)).await;
        put(&bucket, 13_000, 200).await;
        let written = cluster.now();
        let lost = lost_everywhere(&cluster).await;
        assert!(lost > 5_000, "{lost}");
        emptied(&bucket, 13_000).await;
        let took = cluster.now() - written;
        assert!(took < TIME + CATCHING_UP, "{took:?}");
        Ok(())
    });
    report.run().assert_clean();
}

#[test]
fn what_was_written_again_unheard_vanishes_as_well() {
    let report = simulation(2).client("writer", |cluster| async move {
        let bucket = short(&cluster, 1..=3).await;
        cluster.sleep(secs(15)).await;
        put(&bucket, 300, 3).await;
        assert_eq!(lost_everywhere(&cluster).await, 0);
        cluster.sleep(secs(3)).await;
        put(&bucket, 300, 200).await;
        let written = cluster.now();
        let lost = lost_everywhere(&cluster).await;
        assert!(lost > 0);
        emptied(&bucket, 300).await;
        let took = cluster.now() - written;
        assert!(took >= TIME && took < TIME * 5, "{took:?}");
        Ok(())
    });
    report.run().assert_clean();
}
