//! Connections that break while both ends live: they are made again, and what was under way is
//! asked again or of unknown outcome.

use cartwheel_simulation::history::Outcome;
use cartwheel_simulation::{ClientResult, Cluster, Fault, Report, Simulation, links, millis, secs};

/// How often connections break: each time something else is on the way.
const BREAKS: u64 = 40;

async fn alice(cluster: Cluster, retries: u32) -> ClientResult {
    let cart = cluster.client_of([1], retries).await.bucket();
    let mut seen = cart.get("cart").await?;
    while cluster.now() < secs(6) {
        let put = cart.put("cart", "milk").context(seen.context.clone());
        // Without retries it is told when its connection breaks.
        if put.timeout(secs(10)).await.is_err() {
            cluster.sleep(millis(20)).await;
        }
        if let Ok(found) = cart.get("cart").await {
            seen = found;
        }
    }
    Ok(())
}

/// From the second second on what is connected breaks every tenth of a second; a client whose
/// connections end so soon waits longer each time.
fn broken(retries: u32, hosts: &[(String, String)]) -> Report {
    let simulation =
        Simulation::from_seed(3).client("alice", move |cluster| alice(cluster, retries));
    let breaks = (0..BREAKS).map(|at| (secs(1) + millis(100 * at), Fault::Break(hosts.to_vec())));
    let simulation = breaks.fold(simulation, |run, (at, fault)| run.at(at, fault));
    let report = simulation.run();
    report.assert_clean();
    let happened = &report.history.happened;
    assert!(happened["a connection that was broken"] > 5);
    assert!(happened["a connection that broke as it was written to"] > 3);
    report
}

fn count(report: &Report, outcome: Outcome) -> usize {
    let writes = report.history.writes.iter();
    writes.filter(|write| write.outcome() == outcome).count()
}

#[test]
fn a_client_that_asks_again_has_every_put_acknowledged() {
    let alice = [("alice".to_owned(), "node-1".to_owned())];
    let report = broken(4, &alice);
    assert!(count(&report, Outcome::Acknowledged) > 40);
    assert_eq!(
        count(&report, Outcome::Acknowledged),
        report.history.writes.len()
    );
}

#[test]
fn a_client_that_asks_once_knows_no_outcome_of_what_was_under_way() {
    let alice = [("alice".to_owned(), "node-1".to_owned())];
    let report = broken(0, &alice);
    assert!(count(&report, Outcome::Acknowledged) > 40);
    assert!(count(&report, Outcome::Unknown) > 2);
}

#[test]
fn puts_go_on_over_links_that_break() {
    let report = broken(0, &links(&[1], &[2, 3]));
    assert!(count(&report, Outcome::Acknowledged) > 40);
}
