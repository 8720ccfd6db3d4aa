//! An extension whose thread stands still keeps nobody else from anything.

use std::sync::atomic::Ordering;
use std::time::Duration;

use cartwheel::message::client::{ExtensionState, RequestError};
use cartwheel::message::{Message, encode};
use cartwheel_actors::shell::{Clock, MonotonicClock};
use cartwheel_client::Client;

use crate::cluster::{Cluster, with_threads};
use crate::harm::{Harm, harmful, is_well, once, status};
use crate::raw::Raw;

/// How long a node may take for what takes no time, on a machine that has other work too; who waits
/// for the extension would wait for ever.
const SOON: Duration = Duration::from_secs(30);

/// Everything that clients ask of a node.
async fn all_is_well(cluster: &Cluster, client: &Client) {
    let asked = async {
        let bucket = client.bucket("default");
        bucket.put("key", "value").send().await.unwrap();
        let got = bucket.get("key").send().await.unwrap();
        assert_eq!(got.value().unwrap(), b"value".as_slice());
        client.ring().await.unwrap();
        // A connection that is new goes through the door.
        once(cluster, 0).await.status().await.unwrap();
    };
    tokio::time::timeout(SOON, asked).await.expect("in time");
}

#[test]
fn a_node_goes_on_while_an_extension_blocks_and_its_end_waits_for_nobody() {
    let (extension, watched) = harmful();
    let clock = &MonotonicClock::new();
    let stopped = with_threads(&[extension], |cluster| async move {
        let client = once(&cluster, 0).await;
        client.ask(&Harm::Answer).await.unwrap();
        assert!(is_well(&status(&client).await.state));
        let blocking = client.clone();
        tokio::task::spawn_local(async move { blocking.ask(&Harm::Block).await });
        while is_well(&status(&client).await.state) {}
        assert_eq!(status(&client).await.state, ExtensionState::Silent);
        all_is_well(&cluster, &client).await;
        cluster.nodes[0].stop();
        clock.now()
    });
    let passed = clock.now().since(stopped);
    assert!(passed < SOON, "{passed:?}");
    watched.release();
}

#[test]
fn an_extension_that_stops_its_own_thread_is_said_to_have_ended() {
    let (extension, _) = harmful();
    with_threads(&[extension], |cluster| async move {
        let client = once(&cluster, 0).await;
        // The answer may be out before the thread ends, or be lost with it.
        let _ = client.ask(&Harm::StopItsThread).await;
        let ended =
            async { while !matches!(status(&client).await.state, ExtensionState::Ended { .. }) {} };
        tokio::time::timeout(SOON, ended).await.expect("in time");
        all_is_well(&cluster, &client).await;
    });
}

#[test]
fn an_extension_that_blocks_is_asked_for_its_state_once_however_many_want_to_know() {
    let (extension, watched) = harmful();
    with_threads(&[extension], |cluster| async move {
        let client = once(&cluster, 0).await;
        let blocking = client.clone();
        let blocked = tokio::task::spawn_local(async move { blocking.ask(&Harm::Block).await });
        while is_well(&status(&client).await.state) {}
        let before = watched.inspected.load(Ordering::Relaxed);
        futures::future::join_all((0..50).map(|_| status(&client))).await;
        watched.release();
        blocked.await.unwrap().unwrap();
        while !is_well(&status(&client).await.state) {}
        let asked = watched.inspected.load(Ordering::Relaxed) - before;
        assert_eq!(asked, 2, "one of all those, and the last");
        cluster.nodes[0].stop();
    });
}

#[test]
fn a_node_starts_although_an_extension_blocks_before_it_has_begun() {
    let (extension, watched) = harmful();
    watched.births.lock().unwrap().push(Harm::Block);
    with_threads(&[extension], |cluster| async move {
        let client = once(&cluster, 0).await;
        all_is_well(&cluster, &client).await;
        let refused = client.ask(&Harm::Answer).await.unwrap_err();
        let Some(RequestError::NotServing { cause, .. }) = refused.refusal() else {
            panic!("{refused}");
        };
        assert_eq!(cause, "extension harmful has not begun");
        assert_eq!(status(&client).await.state, ExtensionState::Silent);
        watched.release();
        while client.ask(&Harm::Answer).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // Whoever asked before it had begun may still be asking.
        while !is_well(&status(&client).await.state) {}
        cluster.nodes[0].stop();
    });
}

#[test]
fn what_nobody_waits_for_any_more_is_not_put_to_an_extension_that_was_blocked() {
    let (extension, watched) = harmful();
    with_threads(&[extension], |cluster| async move {
        let client = once(&cluster, 0).await;
        let blocking = client.clone();
        let blocked = tokio::task::spawn_local(async move { blocking.ask(&Harm::Block).await });
        while is_well(&status(&client).await.state) {}
        let mut hasty = Raw::greeted(&cluster).await;
        let harm = encode(&Harm::Answer);
        hasty.ask_within(50, Harm::KIND, 2, harm).await;
        let given_up = hasty.error().await;
        assert!(
            matches!(given_up, RequestError::TimedOut { .. }),
            "{given_up:?}"
        );
        watched.release();
        blocked.await.unwrap().unwrap();
        client.ask(&Harm::Answer).await.unwrap();
        let handled = watched.handled.load(Ordering::Relaxed);
        assert_eq!(handled, 2, "the one that blocked, and the last");
        cluster.nodes[0].stop();
    });
}
