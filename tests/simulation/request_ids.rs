//! Request ids: who sends a write again under its id, from a new process and to another node, has
//! written once.

use cartwheel::version::RequestId;
use cartwheel_simulation::history::{BucketKey, History};
use cartwheel_simulation::{ClientResult, Cluster, Fault, Report, Simulation, millis, secs};

const GIVEN: RequestId = RequestId([7; 16]);

fn last(history: &History) -> usize {
    history.last[&BucketKey::of_default("cart")].len()
}

/// Puts milk through a node, under the given id, from a client that knows nothing.
async fn put(cluster: &Cluster, node: u64) -> ClientResult {
    let cart = cluster.client_of([node], 0).await.bucket();
    let put = cart.put("cart", "milk").request_id(GIVEN);
    put.timeout(secs(1)).await?;
    Ok(())
}

#[test]
fn two_sends_under_one_request_id_through_different_nodes_make_one_value() {
    let report = Simulation::from_seed(5)
        .client("alice", |cluster| async move {
            put(&cluster, 1).await?;
            put(&cluster, 2).await?;
            put(&cluster, 1).await
        })
        .run();
    report.assert_clean();
    assert_eq!(report.history.writes.len(), 3);
    assert_eq!(last(&report.history), 1);
}

/// The first attempt is in the air when its writer gives up, and two nodes take it apart.
#[test]
fn attempts_that_did_not_know_of_each_other_become_one_when_they_meet() {
    let report = apart();
    report.assert_clean();
    assert_eq!(report.history.dots.len(), 2);
    assert_eq!(last(&report.history), 1);
}

fn apart() -> Report {
    Simulation::from_seed(6)
        .client("alice", |cluster| async move {
            cluster.until(secs(2)).await;
            let unknown = put(&cluster, 1).await;
            assert!(unknown.is_err(), "node 1 was alone");
            put(&cluster, 2).await
        })
        .at(millis(1_900), Fault::partition(&[1], &[2, 3]))
        .at(
            secs(6),
            Fault::Mend(cartwheel_simulation::links(&[1], &[2, 3])),
        )
        .run()
}

#[test]
fn a_name_is_remembered_by_who_took_it_when_its_value_was_replaced() {
    let report = Simulation::from_seed(7)
        .client("alice", |cluster| async move {
            put(&cluster, 1).await?;
            let cart = cluster.client_of([1], 0).await.bucket();
            let seen = cart.get("cart").await?;
            cart.put("cart", "eggs").context(seen.context).await?;
            put(&cluster, 1).await?;
            let now = cart.get("cart").await?;
            assert_eq!(now.value().map(|value| &value[..]), Some(&b"eggs"[..]));
            Ok(())
        })
        .run();
    report.assert_clean();
}
