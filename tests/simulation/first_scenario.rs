//! Two carts that meet: a scenario to begin with, as CONTRIBUTING.md shows it.

use cartwheel_simulation::{ClientResult, Cluster, Fault, Simulation, links, secs};

#[test]
fn two_devices_that_are_cut_off_from_each_other_lose_nothing() {
    let report = Simulation::from_seed(7)
        .nodes(3)
        .client("phone", |cluster| add(cluster, "milk"))
        .client("laptop", |cluster| add(cluster, "eggs"))
        .at(secs(1), Fault::partition(&[1], &[2, 3]))
        .at(secs(3), Fault::Crash(vec![2]))
        .at(secs(4), Fault::Restart(vec![2]))
        .at(secs(5), Fault::Mend(links(&[1], &[2, 3])))
        .run();
    report.assert_clean();
}

async fn add(cluster: Cluster, item: &'static str) -> ClientResult {
    let carts = cluster.client().await.bucket();
    cluster.until(secs(2)).await;
    let cart = carts.get("cart:1001").await?;
    carts.put("cart:1001", item).context(&cart.context).await?;
    Ok(())
}
