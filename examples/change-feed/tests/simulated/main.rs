//! The change feed in a simulated cluster: what it tells, to whom, and from where on.

mod following;

use std::collections::BTreeSet;

use cartwheel::node::NodeId;
use cartwheel_client::Client;
use cartwheel_simulation::{Cluster, Fault, Simulation, links, millis, secs};
use change_feed::{Change, Changes, ChangesSince, Cursor};

fn simulation(seed: u64, settings: &str) -> Simulation {
    let simulation = Simulation::from_seed(seed).at_most(secs(240));
    simulation.extension(change_feed::extension(), settings)
}

/// Asks until there is an answer: the node may be down, or far away.
async fn ask(client: &Client, node: u64, cursor: Option<Cursor>) -> Changes {
    let since = ChangesSince {
        node: NodeId(node),
        cursor,
        limit: 7,
    };
    loop {
        match client.ask(&since).await {
            Ok(changes) => return changes,
            Err(_) => tokio::time::sleep(millis(100)).await,
        }
    }
}

/// All that a node has to tell, from the oldest.
async fn whole(client: &Client, node: u64) -> Vec<Change> {
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        match ask(client, node, cursor).await {
            Changes::Since(changes, _) if changes.is_empty() => return all,
            Changes::Since(changes, next) => {
                all.extend(changes);
                cursor = Some(next);
            }
            Changes::BeginAgain(oldest) => {
                all.push(Change::Missed);
                cursor = Some(oldest);
            }
        }
    }
}

fn keys(changes: &[Change]) -> BTreeSet<String> {
    let keys = changes.iter().filter_map(|change| match change {
        Change::Accepted(_, key) => Some(String::from_utf8_lossy(key).into_owned()),
        Change::Missed => None,
    });
    keys.collect()
}

/// Writes keys one after the other, and says which of them were acknowledged.
async fn write(cluster: &Cluster, keys: std::ops::Range<u32>) -> BTreeSet<String> {
    let bucket = cluster.client().await.bucket();
    let mut acknowledged = BTreeSet::new();
    for key in keys {
        let key = format!("key {key:03}");
        if bucket.put(key.clone(), "value").await.is_ok() {
            acknowledged.insert(key);
        }
        cluster.sleep(millis(300)).await;
    }
    acknowledged
}

#[test]
fn every_node_tells_of_every_nodes_changes() {
    let report = simulation(1, "keep = 100").client("reader", |cluster| async move {
        let written = write(&cluster, 0..20).await;
        assert_eq!(written.len(), 20);
        for asked in 1..=3 {
            let client = cluster.client_of([asked], 4).await;
            for node in 1..=3 {
                let told = whole(client.unrecorded(), node).await;
                assert_eq!(told[0], Change::Missed, "what was before is unknown");
                assert_eq!(keys(&told[1..]), written, "node {node} by node {asked}");
            }
        }
        Ok(())
    });
    report.run().assert_clean();
}

#[test]
fn a_cursor_goes_on_where_it_stood_until_it_is_too_old() {
    let report = simulation(2, "keep = 10").client("reader", |cluster| async move {
        let client = cluster.client().await;
        write(&cluster, 0..5).await;
        let Changes::Since(_, cursor) = ask(client.unrecorded(), 1, None).await else {
            return Err("nothing is too old yet".into());
        };
        let written = write(&cluster, 5..9).await;
        let Changes::Since(changes, _) = ask(client.unrecorded(), 1, Some(cursor)).await else {
            return Err("what follows the cursor is kept".into());
        };
        assert_eq!(keys(&changes), written);
        write(&cluster, 9..30).await;
        let too_old = ask(client.unrecorded(), 1, Some(cursor)).await;
        let Changes::BeginAgain(oldest) = too_old else {
            return Err(format!("the cursor is too old: {too_old:?}").into());
        };
        let Changes::Since(changes, _) = ask(client.unrecorded(), 1, Some(oldest)).await else {
            return Err("what is oldest is kept".into());
        };
        assert!(keys(&changes).contains("key 020"), "{changes:?}");
        Ok(())
    });
    report.run().assert_clean();
}

#[test]
fn a_node_that_was_cut_off_tells_of_what_it_gets_afterwards() {
    let cut = || links(&[3], &[1, 2]);
    let report = simulation(3, "keep = 100").client("reader", |cluster| async move {
        cluster.until(secs(2)).await;
        let client = cluster.client_of([1, 2], 4).await;
        client.bucket().put("while it is away", "value").await?;
        cluster.until(secs(8)).await;
        // A read of all owners mends the one that was away: that counts as accepted, too.
        client.bucket().get("while it is away").r(3).await?;
        loop {
            let told = whole(client.unrecorded(), 3).await;
            if keys(&told).contains("while it is away") {
                return Ok(());
            }
            cluster.sleep(millis(100)).await;
        }
    });
    let report = report.at(secs(1), Fault::Cut(cut()));
    report.at(secs(6), Fault::Mend(cut())).run().assert_clean();
}

/// Follows a node until there is no more.
async fn follow(client: &Client, node: u64, mut cursor: Cursor) -> (Cursor, BTreeSet<String>) {
    let mut told = BTreeSet::new();
    loop {
        match ask(client, node, Some(cursor)).await {
            Changes::Since(changes, next) if changes.is_empty() => return (next, told),
            Changes::Since(changes, next) => {
                told.extend(keys(&changes));
                cursor = next;
            }
            Changes::BeginAgain(_) => panic!("the cursor is as good as it was"),
        }
    }
}

async fn from_the_oldest(client: &Client, node: u64, cursor: Option<Cursor>) -> Cursor {
    match (ask(client, node, cursor).await, cursor) {
        (Changes::Since(_, next), None) => next,
        (Changes::BeginAgain(oldest), Some(_)) => oldest,
        (answer, _) => panic!("not from the oldest: {answer:?}"),
    }
}

#[test]
fn a_cursor_from_before_a_rollback_is_refused_however_far_the_feed_has_come_since() {
    let report = simulation(5, "keep = 1000").client("follower", |cluster| async move {
        let client = cluster.client_of([2, 3], 4).await;
        let client = client.unrecorded();
        let cursor = from_the_oldest(client, 1, None).await;
        write(&cluster, 0..10).await;
        let (cursor, told) = follow(client, 1, cursor).await;
        assert_eq!(told.len(), 10);
        // The feed is rolled back behind the cursor, and goes on beyond it.
        cluster.until(secs(8)).await;
        let written = write(&cluster, 10..40).await;
        let cursor = from_the_oldest(client, 1, Some(cursor)).await;
        let (_, told) = follow(client, 1, cursor).await;
        assert!(told.is_superset(&written), "{told:?}");
        Ok(())
    });
    let report = report.at(secs(1), Fault::CopyDisk(1));
    let report = report.at(secs(7), Fault::RollBack(1));
    let report = report.at(millis(7200), Fault::Restart(vec![1]));
    report.run().assert_clean();
}

#[test]
fn where_a_change_could_not_be_written_every_follower_begins_again() {
    let report = simulation(6, "keep = 1000").client("follower", |cluster| async move {
        let client = cluster.client().await;
        let cursor = from_the_oldest(client.unrecorded(), 1, None).await;
        cluster.until(secs(2)).await;
        client
            .bucket()
            .put("not written down", "value")
            .w(3)
            .await?;
        cluster.sleep(secs(1)).await;
        let cursor = from_the_oldest(client.unrecorded(), 1, Some(cursor)).await;
        let written = write(&cluster, 0..5).await;
        let (_, told) = follow(client.unrecorded(), 1, cursor).await;
        assert!(told.is_superset(&written), "it goes on: {told:?}");
        assert!(!told.contains("not written down"));
        Ok(())
    });
    let fault = Fault::UnreadableData { node: 1, times: 1 };
    report.at(secs(2), fault).run().assert_clean();
}
