//! Buckets of our own: what is kept under the same key of two of them is kept apart, and looked
//! at by the policy of each.

use cartwheel::bucket::Bucket;
use cartwheel_simulation::history::BucketKey;
use cartwheel_simulation::{Fault, Simulation, millis, secs};

fn wide(name: &str) -> Bucket {
    Bucket {
        name: name.to_owned(),
        ..Bucket::default_bucket(5)
    }
}

#[test]
fn a_key_of_a_bucket_of_five_owners_is_looked_at_at_all_five() {
    let report = Simulation::from_seed(11)
        .nodes(5)
        .client("alice", |cluster| async move {
            let client = cluster.client().await;
            let bucket = client.create_bucket(wide("carts")).await?;
            bucket.put("cart", "milk").await?;
            client.bucket().put("cart", "eggs").await?;
            cluster.until(millis(1_500)).await;
            let put = bucket.put("other cart", "bread").timeout(secs(1));
            if put.await.is_ok() {
                cluster.fail("three of five owners were down");
            }
            client.bucket().put("other cart", "bread").await.ok();
            Ok(())
        })
        .at(secs(1), Fault::Crash(vec![2, 3, 4]))
        .at(secs(4), Fault::Restart(vec![2, 3, 4]))
        .run();
    report.assert_clean();
    let cart = |bucket: &str| report.history.last[&BucketKey::new(bucket, "cart")].clone();
    assert_eq!(report.history.buckets["carts"].n, 5);
    assert_eq!(cart("carts").len(), 1);
    assert_eq!(cart("default").len(), 1);
    assert_ne!(cart("carts"), cart("default"));
}
