//! A second process with the id of a node that lives.

use std::time::Duration;

use cartwheel_client::Client;

use crate::cluster::{AGAIN, with_nodes};

const SOON: Duration = Duration::from_secs(30);

/// Else what it acknowledges counts for the node that lives, which has none of it.
#[test]
fn a_second_live_opening_of_a_node_gives_up_and_names_both_addresses() {
    with_nodes(3, |cluster| async move {
        let (_second, said) = cluster.open_again(0).await;
        let first = || said.lock().unwrap().first().cloned();
        let given_up = async {
            while first().is_none() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(SOON, given_up)
            .await
            .expect("it gives up");
        let (reason, serving) = (first().unwrap(), &cluster.nodes[0].bridge_address);
        let wanted =
            format!("node-1 is open twice: it serves at {serving}, and {AGAIN} is refused");
        assert!(reason.starts_with(&wanted), "{reason}");
    });
}

#[test]
fn a_second_live_opening_reaches_no_quorum_and_the_first_is_not_disturbed() {
    with_nodes(3, |cluster| async move {
        let (second, _) = cluster.open_again(0).await;
        let through = Client::builder().endpoints([&second.client_address]);
        let through = through.retries(0).build().await.unwrap().bucket("default");
        let refused = through.put("key", "from the second").send().await;
        assert!(refused.is_err(), "{refused:?}");
        let first = cluster.client(&[0]).await.bucket("default");
        first.put("key", "from the first").send().await.unwrap();
        let reader = cluster.client(&[1]).await.bucket("default");
        let read = reader.get("key").r(3).send().await.unwrap();
        assert_eq!(read.values.len(), 1);
        assert_eq!(read.value().unwrap(), b"from the first".as_slice());
    });
}
