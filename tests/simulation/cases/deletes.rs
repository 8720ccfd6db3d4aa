//! A delete that is coordinated by an owner which has never had the value.

use cartwheel_simulation::{ClientResult, Cluster, Fault, Simulation, links, secs};

/// Node 1 is cut off while the value is put; when it is back, the delete goes through it.
pub fn simulation(seed: u64) -> Simulation {
    let away = links(&[1], &[2, 3]);
    Simulation::from_seed(seed)
        .named("deletes")
        .client("alice", alice)
        .at(secs(1), Fault::Cut(away.clone()))
        .at(secs(5), Fault::Mend(away))
}

async fn alice(cluster: Cluster) -> ClientResult {
    // Of what is sent again nobody knows how many versions it has made.
    let carts = cluster.client_of([2], 0).await.bucket();
    // The links are down by then.
    cluster.until(secs(4)).await;
    let put = carts.put("cart", "milk").await?;
    // They are up again.
    cluster.until(secs(10)).await;
    let carts = cluster.client_of([1], 0).await.bucket();
    carts.delete("cart", put.context).await?;
    Ok(())
}
