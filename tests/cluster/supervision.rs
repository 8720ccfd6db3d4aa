//! What a panic costs: the message in hand, and nothing that was acknowledged.

use std::collections::BTreeSet;
use std::time::Duration;

use cartwheel::bucket::Bucket as BucketPolicy;
use cartwheel_client::{Bucket, Client};
use futures::StreamExt;

use crate::cluster::with_nodes;

const KINDS: [&str; 7] = [
    "ring",
    "list",
    "learner",
    "clock watch",
    "replica",
    "coordinator",
    "link",
];

#[test]
fn a_replica_that_panics_starts_again_with_all_that_was_acknowledged() {
    with_nodes(3, |cluster| async move {
        let bucket = cluster.client(&[0]).await.bucket("default");
        for at in 0..50 {
            bucket
                .put(format!("key {at}"), format!("value {at}"))
                .send()
                .await
                .unwrap();
        }
        cluster.panic(0, "replica").await;
        assert_eq!(cluster.nodes[0].supervision.restarts(), 2);
        for at in 0..50 {
            let object = bucket.get(format!("key {at}")).r(3).send().await.unwrap();
            assert_eq!(object.value().unwrap(), format!("value {at}").as_bytes());
            bucket
                .put(format!("key {at}"), "again")
                .context(object.context)
                .send()
                .await
                .unwrap();
        }
        let object = bucket.get("key 0").r(3).send().await.unwrap();
        assert_eq!(object.values.len(), 1);
    });
}

#[test]
fn whichever_actor_panics_the_node_goes_on() {
    with_nodes(3, |cluster| async move {
        let client = cluster.client(&[0]).await;
        for (turn, name) in KINDS.into_iter().enumerate() {
            cluster.panic(0, name).await;
            let bucket = format!("bucket-{turn}");
            create(&client, &bucket).await;
            let bucket = client.bucket(&bucket);
            bucket.put("key", name).w(3).send().await.unwrap();
            assert_eq!(listed(&bucket).await, 1, "after a panic of {name}");
        }
        let kinds: BTreeSet<_> = cluster.nodes[0].supervision.actors().into_iter().collect();
        assert_eq!(kinds, BTreeSet::from(KINDS), "no kind was left out");
    });
}

/// Every member must be up, and for a moment its link may not be.
async fn create(client: &Client, name: &str) {
    let mut policy = BucketPolicy::default_bucket(3);
    policy.name = name.to_owned();
    while client.create_bucket(policy.clone()).await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn listed(bucket: &Bucket) -> usize {
    let mut keys = 0;
    let mut pages = bucket.list().pages();
    while let Some(page) = pages.next().await {
        keys += page.unwrap().keys.len();
    }
    keys
}
