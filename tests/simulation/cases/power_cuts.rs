//! Power cuts of all nodes at once, under writes to a buffered bucket: what was not synced is gone,
//! and what was acknowledged with a synced copy is not.

use std::time::Duration;

use cartwheel::bucket::{Bucket, BucketDurability};
use cartwheel_simulation::{
    ClientResult, Cluster, Fault, RecordedBucket, Simulation, millis, secs,
};
use futures::future::join_all;

/// When the power is cut, in seconds.
const CUTS: [u64; 3] = [2, 3, 4];

/// How long before each cut the writers begin.
const BURST: Duration = millis(150);

/// How long before each cut the disks are stuck.
const STUCK: Duration = millis(75);

/// How many write at once.
const WRITERS: u64 = 16;

/// Before each cut nothing is synced.
pub fn of_unsynced(seed: u64) -> Simulation {
    simulation("power cuts", seed, Fault::StickSyncs(vec![1, 2, 3]))
}

/// Before each cut nothing is even written.
pub fn of_queued(seed: u64) -> Simulation {
    simulation(
        "power cuts of stuck disks",
        seed,
        Fault::Stick(vec![1, 2, 3]),
    )
}

fn simulation(name: &str, seed: u64, stuck: Fault) -> Simulation {
    let mut simulation = Simulation::from_seed(seed)
        .named(name)
        .client("alice", alice)
        .at_most(secs(180));
    for cut in CUTS {
        simulation = simulation
            .at(secs(cut) - STUCK, stuck.clone())
            .at(secs(cut), Fault::Crash(vec![1, 2, 3]))
            .at(secs(cut) + millis(100), Fault::Restart(vec![1, 2, 3]));
    }
    simulation
}

async fn alice(cluster: Cluster) -> ClientResult {
    let policy = Bucket {
        name: "quick".to_owned(),
        durability: BucketDurability::Buffered,
        ..Bucket::default_bucket(3)
    };
    let client = cluster.client_of(1..=3, 0).await;
    let bucket = client.create_bucket(policy).await?;
    for cut in CUTS {
        cluster.until(secs(cut) - BURST).await;
        join_all((0..WRITERS).map(|writer| write(&cluster, &bucket, cut, writer))).await;
    }
    Ok(())
}

/// Puts under a new key each time until the power is cut, every other time with a synced copy: what
/// waits for a sync holds up the acknowledgements behind it.
async fn write(cluster: &Cluster, bucket: &RecordedBucket, cut: u64, writer: u64) {
    for put in 0.. {
        if cluster.now() >= secs(cut) {
            return;
        }
        let key = format!("cart-{cut}-{writer}-{put}");
        let synced = u8::from(cut.is_multiple_of(2));
        // Whether it is acknowledged is for the judge to weigh.
        let _ = bucket
            .put(key, "milk")
            .dw(synced)
            .timeout(millis(200))
            .await;
    }
}
