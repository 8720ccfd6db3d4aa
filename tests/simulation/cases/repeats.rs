//! A put that is sent again under its request id to the node which alone has the first attempt.

use cartwheel::bucket::Bucket;
use cartwheel::version::{ConflictRule, RequestId};
use cartwheel_simulation::{
    ClientResult, Cluster, Fault, RecordedBucket, Simulation, links, millis, secs,
};

/// Node 1 is alone while it is put to; the others are read meanwhile.
pub fn simulation(seed: u64) -> Simulation {
    let away = links(&[1], &[2, 3]);
    Simulation::from_seed(seed)
        .named("repeats")
        .client("alice", alice)
        .client("bob", bob)
        .at(millis(4_900), Fault::Cut(away.clone()))
        .at(secs(10), Fault::Mend(away))
}

async fn bucket(cluster: &Cluster, node: u64) -> Result<RecordedBucket, cartwheel_client::Error> {
    let policy = Bucket {
        name: "latest".to_owned(),
        conflict: ConflictRule::Lww,
        ..Bucket::default_bucket(3)
    };
    let client = cluster.client_of([node], 0).await;
    client.create_bucket(policy).await
}

async fn alice(cluster: Cluster) -> ClientResult {
    let carts = bucket(&cluster, 1).await?;
    // Before node 1 has noticed that it is alone.
    for at in [5_000, 5_400] {
        cluster.until(millis(at)).await;
        let put = carts.put("cart", "milk").request_id(RequestId([7; 16]));
        // Whether it is acknowledged is for the judge to weigh.
        let _ = put.timeout(millis(300)).await;
    }
    Ok(())
}

async fn bob(cluster: Cluster) -> ClientResult {
    cluster.until(secs(1)).await;
    let carts = bucket(&cluster, 2).await?;
    cluster.until(secs(8)).await;
    carts.get("cart").await?;
    Ok(())
}
