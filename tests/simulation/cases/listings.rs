//! A listing shows what an owner has missed, and goes on behind a full page where it ended.

use cartwheel::bucket::Bucket;
use cartwheel_simulation::{ClientResult, Cluster, Fault, RecordedBucket, Simulation, links, secs};

/// Some for each partition, so that a page ends in the middle of one.
const KEYS: u64 = 12;

/// Node 3 is cut off and misses all keys; when it is back, and nobody has read any, they are
/// listed through each node.
pub fn of_what_was_missed(seed: u64) -> Simulation {
    let away = links(&[3], &[1, 2]);
    Simulation::from_seed(seed)
        .named("listings")
        .configure(|config| config.ring.partitions = 4)
        .client("alice", alice)
        .at(secs(2), Fault::Cut(away.clone()))
        .at(secs(6), Fault::Mend(away))
}

/// Node 3 has all keys and is alone when they are listed through it, one to a page.
pub fn of_one_owner(seed: u64) -> Simulation {
    let away = links(&[3], &[1, 2]);
    Simulation::from_seed(seed)
        .named("listings of one owner")
        .configure(|config| config.ring.partitions = 4)
        .client("bob", bob)
        .at(secs(4), Fault::Cut(away.clone()))
        .at(secs(10), Fault::Mend(away))
}

/// Two buckets share every slice, and none of their keys.
pub fn of_two_buckets(seed: u64) -> Simulation {
    Simulation::from_seed(seed)
        .named("listings of two buckets")
        .configure(|config| config.ring.partitions = 4)
        .client("carol", carol)
}

async fn carol(cluster: Cluster) -> ClientResult {
    let client = cluster.client().await;
    let policy = Bucket {
        name: "wishes".to_owned(),
        ..Bucket::default_bucket(3)
    };
    let wishes = client.create_bucket(policy).await?;
    put_all(&client.bucket()).await?;
    for key in 0..KEYS {
        wishes.put(format!("wish-{key}"), "tea").await?;
    }
    list_all(&cluster, 1, 3).await
}

async fn bob(cluster: Cluster) -> ClientResult {
    put_all(&cluster.client().await.bucket()).await?;
    // The other owners are away by then.
    cluster.until(secs(7)).await;
    list_all(&cluster, 3, 1).await
}

async fn alice(cluster: Cluster) -> ClientResult {
    let carts = cluster.client_of([1], 4).await.bucket();
    // The links are down by then.
    cluster.until(secs(5)).await;
    put_all(&carts).await?;
    // They are up again.
    cluster.until(secs(12)).await;
    for node in 1..=cluster.nodes() {
        list_all(&cluster, node, 2).await?;
    }
    Ok(())
}

async fn put_all(carts: &RecordedBucket) -> ClientResult {
    for key in 0..KEYS {
        carts.put(format!("cart-{key}"), "milk").await?;
    }
    Ok(())
}

async fn list_all(cluster: &Cluster, node: u64, limit: u32) -> ClientResult {
    let carts = cluster.client_of([node], 4).await.bucket();
    let mut list = carts.list().limit(limit);
    while let Some(next) = list.page().await?.next {
        list = list.cursor(next);
    }
    Ok(())
}
