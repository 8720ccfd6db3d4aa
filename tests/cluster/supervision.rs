//! What a panic costs: the message in hand, and nothing that was acknowledged.

use cartwheel_actors::PanicNow;

use crate::cluster::with_nodes;

#[test]
fn a_replica_that_panics_starts_again_with_all_that_was_acknowledged() {
    with_nodes(3, |cluster| async move {
        let bucket = cluster.client(&[0]).await.bucket("default");
        for at in 0..50 {
            bucket
                .put(format!("key {at}"), format!("value {at}"))
                .send()
                .await
                .unwrap();
        }
        for replica in &cluster.nodes[0].replicas {
            // The message in hand is lost with the panic: its sender gets an error.
            assert!(replica.send(PanicNow).await.is_err());
        }
        assert_eq!(cluster.nodes[0].supervision.restarts(), 2);
        for at in 0..50 {
            let object = bucket.get(format!("key {at}")).r(3).send().await.unwrap();
            assert_eq!(object.value().unwrap(), format!("value {at}").as_bytes());
            bucket
                .put(format!("key {at}"), "again")
                .context(object.context)
                .send()
                .await
                .unwrap();
        }
        let object = bucket.get("key 0").r(3).send().await.unwrap();
        assert_eq!(object.values.len(), 1);
    });
}
