//! Requests that ask fewer owners than their bucket does: they are recorded, and nothing is
//! expected of them. In each run what was asked of node 3 alone is missed, lost or undone.

use cartwheel_simulation::history::{Outcome, Read, Write};
use cartwheel_simulation::{Cluster, Fault, RecordedBucket, Report, Simulation, links, secs};

/// Node 3 reaches no other, and later it loses its disk. The others know of a cart with milk.
fn apart() -> Simulation {
    Simulation::from_seed(5)
        .nodes(3)
        .at(secs(2), Fault::partition(&[3], &[1, 2]))
        .at(secs(6), Fault::Wipe(3))
        .at(secs(7), Fault::Restart(vec![3]))
        .at(secs(7), Fault::Mend(links(&[3], &[1, 2])))
}

/// The bucket, as some nodes show it.
async fn bucket_of(cluster: &Cluster, nodes: impl IntoIterator<Item = u64>) -> RecordedBucket {
    cluster.client_of(nodes, 0).await.bucket()
}

fn of_alice(report: &Report) -> (Vec<&Write>, Vec<&Read>) {
    let writes = report.history.writes.iter();
    let reads = report.history.reads.iter();
    (
        writes.filter(|write| write.client == "alice").collect(),
        reads.filter(|read| read.client == "alice").collect(),
    )
}

#[test]
fn a_read_of_fewer_owners_may_miss_what_was_written() {
    let report = apart()
        .client("alice", |cluster| async move {
            cluster.until(secs(4)).await;
            bucket_of(&cluster, [1]).await.put("cart", "milk").await?;
            bucket_of(&cluster, [3]).await.get("cart").r(1).await?;
            Ok(())
        })
        .run();
    report.assert_clean();
    let (_, reads) = of_alice(&report);
    assert!(
        matches!(reads[..], [Read { strict: false, .. }]),
        "{reads:?}"
    );
    let shown = reads[0].ended.clone().and_then(|ended| ended.with);
    assert_eq!(shown, Some(Vec::new()), "it was to miss something");
}

#[test]
fn a_put_that_asks_fewer_owners_may_be_lost() {
    let report = apart()
        .client("alice", |cluster| async move {
            cluster.until(secs(4)).await;
            bucket_of(&cluster, [3])
                .await
                .put("cart", "milk")
                .w(1)
                .await?;
            Ok(())
        })
        .run();
    report.assert_clean();
    let (writes, _) = of_alice(&report);
    assert!(
        matches!(writes[..], [Write { strict: false, .. }]),
        "{writes:?}"
    );
    assert_eq!(writes[0].outcome(), Outcome::Acknowledged);
    let last = &report.history.last[&writes[0].key];
    assert!(last.is_empty(), "it was to be lost: {last:?}");
}

#[test]
fn a_delete_that_asks_fewer_owners_may_be_undone() {
    let report = apart()
        .client("alice", |cluster| async move {
            let put = bucket_of(&cluster, [3]).await.put("cart", "milk").await?;
            cluster.until(secs(4)).await;
            let bucket = bucket_of(&cluster, [3]).await;
            bucket.delete("cart", put.context).w(1).await?;
            Ok(())
        })
        .run();
    report.assert_clean();
    let (writes, _) = of_alice(&report);
    assert!(
        matches!(
            writes[..],
            [Write { strict: true, .. }, Write { strict: false, .. }]
        ),
        "{writes:?}"
    );
    assert_eq!(writes[1].outcome(), Outcome::Acknowledged);
    assert_eq!(
        report.history.last[&writes[0].key].len(),
        1,
        "it was to be undone"
    );
}
