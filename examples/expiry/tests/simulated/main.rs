//! Expiry in a simulated cluster: what is old vanishes, what is not stays, whatever fails.

mod behind;
mod checked;

use std::time::Duration;

use cartwheel_client::{Bucket, BucketPolicy, Context, Object};
use cartwheel_simulation::{Cluster, Fault, FaultKind, Mix, Simulation, links, millis, secs};

/// How long an object has.
const TIME: Duration = secs(6);

fn simulation(seed: u64) -> Simulation {
    let simulation = Simulation::from_seed(seed).at_most(secs(300));
    simulation.extension(expiry::extension(), "bucket = 'short'\nafter_ms = 6000")
}

/// The bucket whose objects vanish, by way of some nodes.
async fn short(cluster: &Cluster, nodes: impl IntoIterator<Item = u64>) -> Bucket {
    let client = cluster.client_of(nodes, 4).await.unrecorded().clone();
    let policy = BucketPolicy {
        name: "short".to_owned(),
        ..BucketPolicy::default_bucket(3)
    };
    // Whoever comes second finds it as it is; all nodes have to be up for it.
    while client.create_bucket(policy.clone()).await.is_err() {
        cluster.sleep(millis(100)).await;
    }
    client.bucket("short")
}

async fn read(cluster: &Cluster, bucket: &Bucket, key: &str) -> Object {
    loop {
        match bucket.get(key).send().await {
            Ok(object) => return object,
            Err(_) => cluster.sleep(millis(50)).await,
        }
    }
}

/// Waits until an object is gone.
async fn gone(cluster: &Cluster, bucket: &Bucket, key: &str) {
    while !read(cluster, bucket, key).await.is_absent() {
        cluster.sleep(millis(100)).await;
    }
}

#[test]
fn an_object_vanishes_after_its_time_and_not_before() {
    let report = simulation(1).client("writer", |cluster| async move {
        let bucket = short(&cluster, 1..=3).await;
        let written = cluster.now();
        bucket.put("cart", "milk").send().await?;
        gone(&cluster, &bucket, "cart").await;
        let lived = cluster.now() - written;
        assert!(lived >= TIME, "{lived:?}");
        // Sweeps are slower than a second each, as the disk is.
        assert!(lived < TIME * 3, "{lived:?}");
        Ok(())
    });
    report.run().assert_clean();
}

#[test]
fn other_buckets_keep_what_they_have() {
    let report = simulation(2).client("writer", |cluster| async move {
        let other = cluster.client().await.bucket();
        other.put("cart", "milk").await?;
        cluster.sleep(TIME * 3).await;
        assert!(!other.get("cart").await?.is_absent());
        Ok(())
    });
    report.run().assert_clean();
}

#[test]
fn what_was_written_since_stays_even_where_nobody_has_heard_of_it() {
    let cut = || links(&[3], &[1, 2]);
    let report = simulation(3).client("writer", |cluster| async move {
        let bucket = short(&cluster, [1, 2]).await;
        cluster.until(secs(2)).await;
        let first = bucket.put("cart", "milk").w(3).send().await?;
        cluster.until(secs(7)).await;
        // Node 3 is cut off now, and knows of the milk alone, whose time is over at eight.
        let eggs = bucket.put("cart", "eggs").context(first.context);
        eggs.send().await?;
        cluster.until(secs(12)).await;
        let object = read(&cluster, &bucket, "cart").await;
        assert_eq!(object.value().map(|value| &value[..]), Some(&b"eggs"[..]));
        gone(&cluster, &bucket, "cart").await;
        Ok(())
    });
    let report = report.at(secs(6), Fault::Cut(cut()));
    let report = report.at(millis(7500), Fault::Mend(cut()));
    report.run().assert_clean();
}

#[test]
fn a_sibling_gives_the_whole_object_its_time() {
    let report = simulation(5).client("writer", |cluster| async move {
        let bucket = short(&cluster, 1..=3).await;
        let written = cluster.now();
        bucket.put("cart", "milk").w(3).send().await?;
        cluster.until(written + secs(5)).await;
        bucket.put("cart", "eggs").w(3).send().await?;
        // The time of the milk alone is over by now, and that of both is not.
        cluster.until(written + secs(10)).await;
        let object = read(&cluster, &bucket, "cart").await;
        assert_eq!(object.values.len(), 2, "what is there is not what was seen");
        gone(&cluster, &bucket, "cart").await;
        Ok(())
    });
    report.run().assert_clean();
}

#[test]
fn whoever_was_down_when_it_was_written_deletes_it_as_well() {
    let report = simulation(4).client("writer", |cluster| async move {
        let bucket = short(&cluster, 1..=3).await;
        cluster.until(secs(2)).await;
        bucket.put("cart", "milk").send().await?;
        // All of them lose power before its time, and with it what they had not synced.
        cluster.until(secs(8)).await;
        gone(&cluster, &bucket, "cart").await;
        Ok(())
    });
    let report = report.at(secs(4), Fault::Crash(vec![1, 2, 3]));
    report
        .at(secs(5), Fault::Restart(vec![1, 2, 3]))
        .run()
        .assert_clean();
}

/// Writes objects, some of them twice, and looks at each before its time is over; in the end all
/// are gone.
async fn nothing_vanishes_early(cluster: Cluster) {
    let bucket = short(&cluster, 1..=3).await;
    let mut dice = cluster.dice();
    for number in 0..8 {
        let key = format!("key {number}");
        let mut context = Context::default();
        for value in ["first", "second"] {
            let written = cluster.now();
            let put = bucket.put(&key, value).context(&context).send().await;
            cluster.sleep(millis(dice.below(5000))).await;
            let Ok(put) = put else { continue };
            context = put.context;
            let object = read(&cluster, &bucket, &key).await;
            let in_time = cluster.now() < written + TIME;
            let is_there = object.values.iter().any(|found| found.bytes == value);
            if in_time && !is_there {
                let now = cluster.now();
                cluster.fail(format!("{key}: {value} of {written:?} is gone at {now:?}"));
            }
        }
    }
    for number in 0..8 {
        gone(&cluster, &bucket, &format!("key {number}")).await;
    }
}

#[test]
fn under_partitions_and_crashes_nothing_vanishes_early_and_all_vanishes() {
    for seed in 0..10 {
        let mix = Mix::everyday().weight(FaultKind::Cut, 30).until(secs(40));
        let report = simulation(seed).client("writer", |cluster| async move {
            nothing_vanishes_early(cluster).await;
            Ok(())
        });
        report.faults(mix).run().assert_clean();
    }
}
