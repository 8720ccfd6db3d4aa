//! The counter in a simulated cluster.

use cartwheel::message::client::ExtensionState;
use cartwheel_simulation::{Fault, Simulation, secs};
use counter::{Counted, HowMany};

#[test]
fn a_node_counts_what_it_has_accepted_and_a_crash_begins_anew() {
    Simulation::from_seed(1)
        .extension(counter::extension(), "prefix = 'cart:'")
        .client("alice", |cluster| async move {
            let bucket = cluster.client().await.bucket();
            for key in ["cart:1", "cart:2", "order:1"] {
                bucket.put(key, "milk").w(3).await?;
            }
            let node = cluster.client_of([1], 4).await;
            let counted = node.unrecorded().ask(&HowMany {}).await?;
            let (accepted, gaps) = (2, 1);
            assert_eq!(counted, Counted { accepted, gaps });
            cluster.until(secs(6)).await;
            let counted = node.unrecorded().ask(&HowMany {}).await?;
            assert_eq!(counted.gaps, 1, "what was before the crash is unknown");
            assert!(counted.accepted < 2);
            Ok(())
        })
        .at(secs(3), Fault::Crash(vec![1]))
        .at(secs(4), Fault::Restart(vec![1]))
        .run()
        .assert_clean();
}

#[test]
fn a_node_shows_what_the_others_have_counted() {
    Simulation::from_seed(2)
        .extension(counter::extension(), "prefix = 'cart:'")
        .client("alice", |cluster| async move {
            let bucket = cluster.client().await.bucket();
            for key in ["cart:1", "cart:2"] {
                bucket.put(key, "milk").w(3).await?;
            }
            // As long as a question to the node that has lost its power may take, and a round more.
            cluster.until(secs(12)).await;
            let node = cluster.client_of([1], 4).await;
            let status = node.unrecorded().status().await?;
            let ExtensionState::Shown(shown) = &status.extensions[0].state else {
                panic!("it shows nothing");
            };
            let elsewhere = ("elsewhere".to_owned(), "2".to_owned());
            assert!(shown.contains(&elsewhere), "{shown:?}");
            Ok(())
        })
        .at(secs(3), Fault::Crash(vec![3]))
        .run()
        .assert_clean();
}
