//! Gets (rule 4): what a read has shown, later reads show.

use std::collections::BTreeSet;

use cartwheel_simulation::{Fault, Simulation, links, millis, secs};

use super::{set, values};
use crate::cases::unsynced_answers;

/// A failed put has reached one owner alone. Once a read has shown it, every later read shows it,
/// whichever owners answer.
#[test]
fn what_one_read_has_shown_of_a_failed_put_no_later_read_misses() {
    for seed in 1..=5 {
        let report = Simulation::from_seed(seed)
            .client("alice", |cluster| async move {
                let second = cluster.client_of([2], 0).await.bucket();
                second.put("cart", "milk").await?;
                cluster.until(millis(2_010)).await;
                let put = second.put("cart", "eggs").timeout(millis(300)).await;
                assert!(put.is_err(), "it reached no other owner");
                cluster.until(secs(8)).await;
                for turn in 0..30 {
                    let bucket = cluster.client_of([1 + turn % 3], 4).await.bucket();
                    bucket.get("cart").await?;
                }
                Ok(())
            })
            .at(secs(2), Fault::partition(&[2], &[1, 3]))
            .at(secs(4), Fault::Mend(links(&[2], &[1, 3])));
        report.run().assert_clean();
    }
}

/// All disks are stuck while a value is written, and whoever reads it meanwhile waits: then the
/// power goes, and the value with it.
#[test]
fn a_read_shows_nothing_that_a_power_cut_takes_back() {
    for seed in 1..=5 {
        let report = unsynced_answers::simulation(seed).run();
        report.assert_clean();
        let last = report.history.last.values();
        let left: Vec<usize> = last.map(BTreeSet::len).collect();
        assert_eq!(left, [1], "the power cut takes the second value along");
    }
}

/// The owner that is asked was away, and one answer is all that is wanted: but not one that has
/// seen less than who asks.
#[test]
fn a_read_with_a_context_asks_on_until_it_has_what_the_context_has_seen() {
    for seed in 1..=3 {
        let report = Simulation::from_seed(seed)
            .client("alice", |cluster| async move {
                let others = cluster.client_of([1, 2], 4).await.bucket();
                let third = cluster.client_of([3], 4).await.bucket();
                cluster.until(secs(3)).await;
                let seen = others.put("cart", "milk").await?.context;
                cluster.until(secs(6)).await;
                let cart = third.get("cart").r(1).context(seen).await?;
                assert_eq!(values(&cart), set(&["milk"]));
                Ok(())
            })
            .at(secs(1), Fault::partition(&[3], &[1, 2]))
            .at(secs(4), Fault::Mend(links(&[3], &[1, 2])));
        report.run().assert_clean();
    }
}

/// An owner whose record is damaged does not say that there is none, and has it again soon.
#[test]
fn a_damaged_record_is_no_answer_and_is_repaired() {
    for seed in 1..=5 {
        let damaged = Fault::Corrupt {
            node: 1,
            key: "cart".into(),
            at: 77 * usize::try_from(seed).unwrap(),
        };
        let report = Simulation::from_seed(seed)
            .client("alice", |cluster| async move {
                let bucket = cluster.client_of([1], 4).await.bucket();
                bucket.put("cart", "milk").await?;
                cluster.until(millis(2_500)).await;
                assert_eq!(values(&bucket.get("cart").await?), set(&["milk"]));
                cluster.sleep(secs(1)).await;
                assert_eq!(values(&bucket.get("cart").r(1).await?), set(&["milk"]));
                Ok(())
            })
            .at(secs(2), damaged);
        let report = report.run();
        report.assert_clean();
        assert_eq!(report.history.happened["a record that was corrupted"], 1);
    }
}
