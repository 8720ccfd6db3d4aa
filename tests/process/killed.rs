//! kill -9 while writing: whatever was acknowledged is found afterwards.

use crate::cluster::Cluster;
use crate::writer::{Writing, assert_all_found};

/// Enough for writes to be at every stage, whichever moment the kill meets.
const BETWEEN: usize = 300;

#[tokio::test]
async fn every_acknowledged_write_is_found_after_one_node_was_killed_and_started_again() {
    let mut cluster = Cluster::start().await;
    let writing = Writing::start(&cluster.client().await, 2);
    writing.acknowledged_more(BETWEEN).await;
    cluster.kill(2).await;
    writing.acknowledged_more(BETWEEN).await;
    cluster.start_node(2);
    cluster.serves(2).await;
    writing.acknowledged_more(BETWEEN).await;
    let keys = writing.stop().await;
    assert!(keys.len() >= 3 * BETWEEN);
    for node in 1..=3 {
        assert_all_found(&cluster.client_of(node).await, 2, &keys).await;
    }
}

/// The others can't help it out: they are gone.
#[tokio::test]
async fn a_node_that_was_killed_still_has_all_that_it_acknowledged() {
    let mut cluster = Cluster::start().await;
    let writing = Writing::start(&cluster.client().await, 3);
    writing.acknowledged_more(BETWEEN).await;
    cluster.kill(2).await;
    let keys = writing.stop().await;
    cluster.kill(1).await;
    cluster.kill(3).await;
    cluster.start_node(2);
    cluster.serves(2).await;
    assert_all_found(&cluster.client_of(2).await, 1, &keys).await;
}

#[tokio::test]
async fn every_acknowledged_write_is_found_after_all_nodes_were_killed_at_once() {
    let mut cluster = Cluster::start().await;
    let writing = Writing::start(&cluster.client().await, 2);
    writing.acknowledged_more(2 * BETWEEN).await;
    cluster.kill_all().await;
    let keys = writing.stop().await;
    for node in 1..=3 {
        cluster.start_node(node);
    }
    cluster.all_serve().await;
    assert!(keys.len() >= 2 * BETWEEN);
    assert_all_found(&cluster.client().await, 2, &keys).await;
}
