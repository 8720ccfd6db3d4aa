//! An extension that fails rests, and one that fails too often ends alone.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use cartwheel::message::client::{ExtensionState, RequestError};
use cartwheel_actors::shell::Clock;
use cartwheel_client::Client;
use tokio::task::JoinHandle;

use crate::cluster::{Cluster, with_extensions};
use crate::harm::{ASKED, Harm, Watched, harmful, is_well, once, refusal, status};

/// Long before a client gives up.
const SOON: Duration = Duration::from_secs(20);

/// Two restarts, and then it ends.
const TWICE: &str = "[supervision]\nextension_restarts_max = 2\n";

/// Waits until it is asked again, or ends.
async fn rested(client: &Client) {
    while let ExtensionState::Resting { .. } = status(client).await.state {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A question that is not answered, and has reached its handler; why it is refused in the end.
async fn waiting(cluster: &Cluster, watched: &Watched) -> JoinHandle<RequestError> {
    let client = once(cluster, 0).await;
    let harm = Harm::Wait(Bytes::new());
    let asking = async move { refusal(client.ask(&harm).await) };
    let waiting = tokio::task::spawn_local(asking);
    while watched.handled.load(Ordering::Relaxed) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    waiting
}

async fn has_ended(cluster: &Cluster, client: &Client, failure: &str) {
    let often = format!("it failed 3 times in a short time, and at last {failure}");
    let ended = status(client).await;
    let (cause, name) = (often.clone(), "extension harmful has ended, since ");
    assert_eq!(ended.state, ExtensionState::Ended { cause });
    let RequestError::NotServing { cause, .. } = refusal(client.ask(&Harm::Answer).await) else {
        panic!("it serves");
    };
    assert_eq!(cause, format!("{name}{often}"));
    let bucket = client.bucket("default");
    bucket.put("key", "value").send().await.unwrap();
    let restarts = cluster.nodes[0].supervision.restarts();
    assert_eq!(restarts, 0, "the node's own budget is as it was");
}

#[test]
fn an_extension_that_panics_too_often_ends_and_its_node_goes_on() {
    for harm in [Harm::Panic, Harm::PanicLater] {
        let (extension, watched) = harmful();
        with_extensions(1, &[extension], TWICE, |cluster| async move {
            let client = once(&cluster, 0).await;
            for turn in 0..3 {
                let lost = refusal(client.ask(&harm).await);
                assert!(
                    matches!(lost, RequestError::QuestionLost { .. }),
                    "{lost:?}"
                );
                // A future's panic is known a moment after its answer.
                while is_well(&status(&client).await.state) {}
                let last = status(&client).await;
                if turn < 2 {
                    let resting = matches!(last.state, ExtensionState::Resting { delay_ms, .. }
                        if delay_ms == 100 << turn);
                    assert!(resting, "{last:?}");
                    let refused = refusal(client.ask(&Harm::Answer).await);
                    assert!(
                        matches!(refused, RequestError::NotServing { .. }),
                        "{refused:?}"
                    );
                }
                assert_eq!(last.restarts, turn);
                rested(&client).await;
            }
            let failure = match harm {
                Harm::Panic => format!("it panicked: {ASKED}"),
                _ => "a future of it panicked".to_owned(),
            };
            has_ended(&cluster, &client, &failure).await;
            assert_eq!(watched.handled.load(Ordering::Relaxed), 3);
        });
    }
}

#[test]
fn an_extension_that_can_not_be_made_rests_and_is_made_again_or_ends() {
    for panics in [2, 3] {
        let (extension, watched) = harmful();
        *watched.births.lock().unwrap() = vec![Harm::Panic; panics];
        with_extensions(1, &[extension], TWICE, |cluster| async move {
            let client = once(&cluster, 0).await;
            rested(&client).await;
            if panics == 2 {
                client.ask(&Harm::Answer).await.unwrap();
                assert!(is_well(&status(&client).await.state));
            } else {
                let failure = format!("it panicked when it was made: {ASKED}");
                has_ended(&cluster, &client, &failure).await;
            }
        });
    }
}

#[test]
fn a_question_that_an_extension_fails_over_is_put_to_no_other_node() {
    let (extension, watched) = harmful();
    with_extensions(3, &[extension], "", |cluster| async move {
        let client = cluster.client(&[0, 1, 2]).await;
        let lost = refusal(client.ask(&Harm::Panic).await);
        let RequestError::QuestionLost { node, extension } = lost else {
            panic!("{lost:?}");
        };
        assert_eq!((node.0 > 0, &*extension), (true, "harmful"));
        assert_eq!(watched.handled.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn nothing_is_handed_to_an_observer_that_rests() {
    let (extension, watched) = harmful();
    with_extensions(1, &[extension], TWICE, |cluster| async move {
        let client = once(&cluster, 0).await;
        let bucket = client.bucket("default");
        watched.is_afraid.store(true, Ordering::Relaxed);
        let began = watched.clock.now();
        let mut written = 0;
        while !matches!(status(&client).await.state, ExtensionState::Ended { .. }) {
            let key = format!("key {written}");
            bucket.put(key, "value").send().await.unwrap();
            written += 1;
            let passed = watched.clock.now().since(began);
            assert!(passed < Duration::from_secs(60), "it does not end");
        }
        let shocks = watched.shocks.lock().unwrap().clone();
        let rests: Vec<_> = shocks
            .windows(2)
            .map(|pair| pair[1].since(pair[0]))
            .collect();
        assert_eq!(rests.len(), 2, "{rests:?}");
        assert!(rests[0] >= Duration::from_millis(100), "{rests:?}");
        assert!(rests[1] >= Duration::from_millis(200), "{rests:?}");
        let failure = format!("it panicked: {ASKED}");
        has_ended(&cluster, &client, &failure).await;
    });
}

#[test]
fn an_extension_whose_panic_carries_another_one_begins_again() {
    let (extension, _) = harmful();
    with_extensions(1, &[extension], TWICE, |cluster| async move {
        let client = once(&cluster, 0).await;
        for restarts in 1..=2 {
            client.ask(&Harm::PanicTwice).await.unwrap_err();
            rested(&client).await;
            client.ask(&Harm::Answer).await.unwrap();
            assert_eq!(status(&client).await.restarts, restarts);
        }
        client.ask(&Harm::PanicTwice).await.unwrap_err();
        has_ended(&cluster, &client, "it panicked: no text").await;
    });
}

#[test]
fn an_extension_that_panics_when_it_stops_and_when_it_is_dropped_ends_alone() {
    let (extension, watched) = harmful();
    with_extensions(1, &[extension], TWICE, |cluster| async move {
        let client = once(&cluster, 0).await;
        watched.dies_badly.store(true, Ordering::Relaxed);
        for _ in 0..3 {
            client.ask(&Harm::Panic).await.unwrap_err();
            rested(&client).await;
        }
        has_ended(&cluster, &client, &format!("it panicked: {ASKED}")).await;
    });
}

#[test]
fn what_an_earlier_life_has_not_answered_ends_with_it() {
    let (extension, watched) = harmful();
    with_extensions(1, &[extension], "", |cluster| async move {
        let client = once(&cluster, 0).await;
        let waiting = waiting(&cluster, &watched).await;
        client.ask(&Harm::Panic).await.unwrap_err();
        let told = tokio::time::timeout(SOON, waiting).await;
        let lost = told.expect("it is told at once").unwrap();
        assert!(
            matches!(lost, RequestError::QuestionLost { .. }),
            "{lost:?}"
        );
        rested(&client).await;
        assert_eq!(status(&client).await.restarts, 1, "it was one failure");
        watched.answers.add_permits(1);
        client.ask(&Harm::Wait(Bytes::new())).await.unwrap();
        let left = watched.answers.available_permits();
        assert_eq!(left, 0, "the next life alone takes what is there");
    });
}

#[test]
fn a_state_that_an_earlier_life_never_showed_is_asked_of_the_next_one() {
    let (extension, watched) = harmful();
    with_extensions(1, &[extension], "", |cluster| async move {
        let client = once(&cluster, 0).await;
        watched.is_mute.store(true, Ordering::Relaxed);
        for _ in 0..2 {
            assert_eq!(status(&client).await.state, ExtensionState::Silent);
        }
        let asked = watched.inspected.load(Ordering::Relaxed);
        assert_eq!(asked, 1, "the second waited for its turn");
        watched.is_mute.store(false, Ordering::Relaxed);
        client.ask(&Harm::Panic).await.unwrap_err();
        rested(&client).await;
        assert!(is_well(&status(&client).await.state));
    });
}

#[test]
fn a_question_that_waited_for_the_next_life_and_panics_there_counts_there() {
    let (extension, watched) = harmful();
    with_extensions(1, &[extension], TWICE, |cluster| async move {
        let client = once(&cluster, 0).await;
        // Both are in the mailbox when the first is handled.
        let (panic, later) = (client.ask(&Harm::Panic), client.ask(&Harm::PanicLater));
        let (panic, later) = futures::future::join(panic, later).await;
        for lost in [refusal(panic), refusal(later)] {
            assert!(
                matches!(lost, RequestError::QuestionLost { .. }),
                "{lost:?}"
            );
        }
        assert_eq!(watched.handled.load(Ordering::Relaxed), 2);
        while is_well(&status(&client).await.state) {}
        let second = status(&client).await;
        let resting = ExtensionState::Resting {
            delay_ms: 200,
            cause: "a future of it panicked".to_owned(),
        };
        assert_eq!((second.restarts, second.state), (1, resting));
    });
}

#[test]
fn what_ends_with_a_life_counts_as_no_failure_of_the_next_one() {
    let (extension, watched) = harmful();
    let never = "[supervision]\nextension_restarts_max = 0\n";
    with_extensions(1, &[extension], never, |cluster| async move {
        let client = once(&cluster, 0).await;
        let waiting = waiting(&cluster, &watched).await;
        cluster.panic(0, "harmful").await;
        let lost = waiting.await.unwrap();
        assert!(
            matches!(lost, RequestError::QuestionLost { .. }),
            "{lost:?}"
        );
        client.ask(&Harm::Answer).await.unwrap();
        assert!(is_well(&status(&client).await.state));
        assert_eq!(status(&client).await.restarts, 1);
    });
}
