//! A member that was up and missed the activation of a bucket learns of it without a restart.

use std::time::Duration;

use cartwheel::bucket::Bucket;
use cartwheel::key::BucketId;
use cartwheel::message::client::{PeerStatus, RequestError};
use cartwheel::message::replica::BucketActivate;
use cartwheel::message::{Message, encode};
use cartwheel_client::Client;

use crate::cluster::{Cluster, with_nodes};
use crate::raw::Raw;

/// Once all links are up and what they have asked is answered, nothing hints at news by itself.
async fn settled(cluster: &Cluster) {
    for at in 0..cluster.nodes.len() {
        let client = cluster.client(&[at]).await;
        let is_down = |peer: &PeerStatus| peer.links_up < peer.links;
        while client.status().await.unwrap().peers.iter().any(is_down) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
}

/// Nodes 1 and 2 hear of the activation of a bucket, node 3 does not.
async fn missed_by_the_third(cluster: &Cluster, n: u8) {
    settled(cluster).await;
    let mut bucket = Bucket::default_bucket(n);
    (bucket.name, bucket.id) = ("carts".to_owned(), BucketId(5));
    for (at, says) in [(0, 2), (1, 1)] {
        let mut raw = Raw::of_member(cluster, at, says).await;
        let bucket = bucket.clone();
        let activate = encode(&BucketActivate { bucket });
        raw.ask(BucketActivate::KIND, 2, activate).await;
        assert!(raw.answer().await.unwrap().flags.is_reply());
    }
    assert!(!knows_carts(&cluster.client(&[2]).await).await);
}

async fn knows_carts(client: &Client) -> bool {
    match client.bucket("carts").get("key").r(1).send().await {
        Ok(_) => true,
        Err(error) => {
            let unknown = matches!(error.refusal(), Some(RequestError::UnknownBucket { .. }));
            assert!(unknown, "{error:?}");
            false
        }
    }
}

async fn assert_that_the_third_learns(cluster: &Cluster) {
    let client = cluster.client(&[2]).await;
    let learned = async {
        while !knows_carts(&client).await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let learned = tokio::time::timeout(Duration::from_secs(10), learned).await;
    learned.expect("the member learns of the bucket");
    let put = client.bucket("carts").put("cart", "milk").send().await;
    put.expect("the member serves the bucket");
}

#[test]
fn once_its_own_link_to_a_peer_is_up_again() {
    with_nodes(3, |cluster| async move {
        missed_by_the_third(&cluster, 3).await;
        let third = cluster.client(&[2]).await.bucket("default");
        for at in 0..50 {
            let read = third.get(format!("key {at}")).r(3).send().await;
            assert!(read.unwrap().is_absent());
        }
        // Ends the links of all who have asked the first node's replicas.
        cluster.panic(0, "replica").await;
        assert_that_the_third_learns(&cluster).await;
    });
}

#[test]
fn once_a_peers_link_to_it_is_up_again() {
    with_nodes(3, |cluster| async move {
        missed_by_the_third(&cluster, 3).await;
        let _link = Raw::of_member(&cluster, 2, 1).await;
        assert_that_the_third_learns(&cluster).await;
    });
}

#[test]
fn once_it_is_sent_a_record_of_the_bucket() {
    with_nodes(3, |cluster| async move {
        missed_by_the_third(&cluster, 3).await;
        let first = cluster.client(&[0]).await.bucket("carts");
        first.put("cart", "eggs").w(2).send().await.unwrap();
        assert_that_the_third_learns(&cluster).await;
    });
}

#[test]
fn once_it_is_asked_for_a_record_of_the_bucket() {
    with_nodes(3, |cluster| async move {
        missed_by_the_third(&cluster, 3).await;
        let first = cluster.client(&[0]).await.bucket("carts");
        // The client tries again, and may find that the third has learned already.
        let _ = first.get("cart").r(3).send().await;
        assert_that_the_third_learns(&cluster).await;
    });
}

#[test]
fn once_it_is_forwarded_a_request_for_the_bucket() {
    with_nodes(3, |cluster| async move {
        // With one owner a key, those that the third owns are forwarded to it.
        missed_by_the_third(&cluster, 1).await;
        let first = cluster.client(&[0]).await.bucket("carts");
        for at in 0..30 {
            // Refused by the third alone.
            let _ = first.get(format!("cart {at}")).send().await;
        }
        assert_that_the_third_learns(&cluster).await;
    });
}

#[test]
fn once_it_is_asked_for_keys_of_the_bucket() {
    with_nodes(3, |cluster| async move {
        missed_by_the_third(&cluster, 3).await;
        let first = cluster.client(&[0]).await.bucket("carts");
        first.list().limit(10).page().await.unwrap();
        assert_that_the_third_learns(&cluster).await;
    });
}
