//! The change feed in a simulated cluster: nothing that was acknowledged is missing in silence.

use std::collections::BTreeSet;

use cartwheel::node::NodeId;
use cartwheel_client::Client;
use cartwheel_simulation::{
    ClientResult, Cluster, Fault, FaultKind, Mix, Simulation, links, millis, secs,
};
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
            Changes::CursorTooOld(oldest) => {
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
        let Changes::CursorTooOld(oldest) = too_old else {
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

/// Each acknowledged write is on two of the three nodes at least: of all nodes no more than one
/// names it neither in its feed nor has a gap there. Where nothing restarts there are no gaps.
async fn nothing_is_missing_in_silence(cluster: Cluster, restarts: bool) -> ClientResult {
    let acknowledged = write(&cluster, 0..60).await;
    cluster.until(secs(40)).await;
    let client = cluster.client().await;
    let mut feeds = Vec::new();
    for node in 1..=3 {
        feeds.push(whole(client.unrecorded(), node).await);
    }
    let gap = |feed: &&Vec<Change>| feed[1..].contains(&Change::Missed);
    if !restarts && feeds.iter().any(|feed| gap(&feed)) {
        cluster.fail("there is a gap where nothing was restarted");
    }
    for key in acknowledged {
        let silent = feeds
            .iter()
            .filter(|feed| !gap(feed) && !keys(feed).contains(&key));
        let silent = silent.count();
        if silent > 1 {
            cluster.fail(format!("{key}: {silent} nodes say nothing of it"));
        }
    }
    Ok(())
}

#[test]
fn under_partitions_and_crashes_nothing_is_missing_in_silence() {
    for seed in 0..10 {
        let report = simulation(seed, "keep = 1000").client("reader", |cluster| async move {
            nothing_is_missing_in_silence(cluster, true).await
        });
        report.faults(Mix::everyday()).run().assert_clean();
    }
}

#[test]
fn under_partitions_alone_there_are_no_gaps() {
    let mix = || {
        Mix::empty()
            .weight(FaultKind::Cut, 15)
            .weight(FaultKind::Hold, 10)
    };
    for seed in 0..10 {
        let report = simulation(seed, "keep = 1000").client("reader", |cluster| async move {
            nothing_is_missing_in_silence(cluster, false).await
        });
        report.faults(mix()).run().assert_clean();
    }
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
