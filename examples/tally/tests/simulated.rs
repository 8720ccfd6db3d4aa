//! The tally in a simulated cluster, in which a node is cut off and another one loses power.

use std::collections::BTreeMap;

use cartwheel_client::{Bucket, BucketDurability, BucketPolicy};
use cartwheel_simulation::{Cluster, Fault, Simulation, links, millis, secs};
use tally::Totals;

/// What a node has counted, as soon as it can be asked.
async fn totals(cluster: &Cluster, node: u64) -> BTreeMap<String, u64> {
    let client = cluster.client_of([node], 4).await;
    loop {
        match client.unrecorded().ask(&Totals {}).await {
            Ok(totals) => return totals,
            Err(_) => cluster.sleep(secs(1)).await,
        }
    }
}

#[test]
fn a_node_keeps_its_count_over_a_crash_and_counts_only_what_reaches_it() {
    let report = Simulation::from_seed(1)
        .extension(tally::extension(), "")
        .client("alice", |cluster| async move {
            let bucket = cluster.client_of([1, 2], 4).await.bucket();
            cluster.until(secs(2)).await;
            for key in ["one", "two", "three"] {
                bucket.put(key, "value").await?;
            }
            // What was written while node 3 was cut off is on the others alone.
            cluster.until(secs(4)).await;
            assert_eq!(totals(&cluster, 1).await["default"], 3);
            cluster.until(secs(6)).await;
            let kept = totals(&cluster, 1).await;
            assert_eq!((kept["default"], kept["(restarts)"]), (3, 2));
            assert_eq!(totals(&cluster, 3).await.get("default"), None);
            Ok(())
        })
        .at(secs(1), Fault::partition(&[3], &[1, 2]))
        .at(secs(4), Fault::Mend(links(&[3], &[1, 2])))
        .at(secs(5), Fault::Crash(vec![1]))
        .at(millis(5_500), Fault::Restart(vec![1]))
        .run();
    report.assert_clean();
}

#[test]
fn what_a_disk_that_fails_for_a_moment_holds_up_is_counted_afterwards() {
    let fault = Fault::UnreadableData { node: 1, times: 2 };
    Simulation::from_seed(2)
        .extension(tally::extension(), "")
        .client("alice", |cluster| async move {
            let bucket = cluster.client().await.bucket();
            cluster.until(secs(2)).await;
            bucket.put("one", "value").w(3).await?;
            cluster.until(secs(6)).await;
            assert_eq!(totals(&cluster, 1).await["default"], 1);
            Ok(())
        })
        .at(secs(2), fault)
        .run()
        .assert_clean();
}

#[test]
fn a_power_cut_takes_the_last_count_at_most_of_what_a_node_has_told() {
    for seed in 3..6 {
        Simulation::from_seed(seed)
            .extension(tally::extension(), "")
            .client("alice", move |cluster| async move {
                let cheap = cheap(&cluster).await;
                cluster.until(secs(3)).await;
                for key in ["one", "two", "three", "four", "five"] {
                    cheap.put(key, "value").w(3).send().await?;
                    cluster.sleep(millis(200)).await;
                }
                let told = totals(&cluster, 1).await["cheap"];
                cluster.until(secs(7)).await;
                let kept = totals(&cluster, 1).await.get("cheap").copied();
                let kept = kept.unwrap_or(0);
                assert!(told <= kept + 1, "seed {seed}: {told} told, {kept} kept");
                Ok(())
            })
            .at(millis(2_900), Fault::StickSyncs(vec![1]))
            .at(secs(5), Fault::Crash(vec![1]))
            .at(secs(6), Fault::Restart(vec![1]))
            .run()
            .assert_clean();
    }
}

/// A bucket that waits for no sync, so that it goes on where the tally has to wait.
async fn cheap(cluster: &Cluster) -> Bucket {
    let client = cluster.client().await.unrecorded().clone();
    let policy = BucketPolicy {
        name: "cheap".to_owned(),
        durability: BucketDurability::Buffered,
        ..BucketPolicy::default_bucket(3)
    };
    // All nodes have to be up for it.
    while client.create_bucket(policy.clone()).await.is_err() {
        cluster.sleep(millis(100)).await;
    }
    client.bucket("cheap")
}
