//! Expiry in the bucket whose every read and write is checked.

use std::time::Duration;

use cartwheel_simulation::checker::Violation;
use cartwheel_simulation::{ClientResult, Cluster, Mix, Simulation, millis, secs};

/// Short enough that much of what is written meets its end.
const SOON: Duration = millis(500);

/// Reads and writes a few keys, more slowly than they vanish.
async fn work(cluster: Cluster) -> ClientResult {
    let bucket = cluster.client().await.bucket();
    let mut dice = cluster.dice();
    while cluster.now() < secs(20) {
        let key = format!("key {}", dice.below(4));
        // Whether it works is not its concern, but for what is recorded.
        if let Ok(found) = bucket.get(&key).await
            && dice.one_in(4)
        {
            let put = bucket.put(&key, "value").context(&found.context);
            drop(put.await);
        }
        cluster.sleep(millis(dice.below(200))).await;
    }
    Ok(())
}

fn simulation(seed: u64) -> Simulation {
    let settings = "bucket = 'default'\nafter_ms = 500";
    let simulation = Simulation::from_seed(seed).extension(expiry::extension(), settings);
    let simulation = simulation.client("alice", work).client("bob", work);
    simulation.client("carol", work)
}

#[test]
fn what_expiry_deletes_does_not_come_back_and_is_never_deleted_early() {
    for seed in 0..5 {
        for mix in [Mix::everyday(), Mix::bad_disks()] {
            let told = simulation(seed).extensions_write_after(SOON);
            told.faults(mix).run().assert_clean();
        }
    }
}

#[test]
fn checkers_that_were_not_told_of_expiry_call_what_it_deletes_lost() {
    let report = simulation(0).run();
    let lost = |violation: &Violation| {
        matches!(
            violation,
            Violation::Lost { .. } | Violation::Missed { .. } | Violation::NotListed { .. }
        )
    };
    assert!(report.violations.len() > 10, "{}", report.violations.len());
    assert!(
        report.violations.iter().all(lost),
        "{:?}",
        report.violations
    );
    let told = report.explain();
    assert!(
        told.contains("Simulation::extensions_write_after"),
        "{told}"
    );
}
