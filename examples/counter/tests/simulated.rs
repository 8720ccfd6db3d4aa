//! The counter in a simulated cluster.

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
