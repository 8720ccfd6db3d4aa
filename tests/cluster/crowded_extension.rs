//! An extension has no more to answer at once than there is room for.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use cartwheel::limits::{EXTENSION_CREDITS, EXTENSION_QUESTION_BYTES_MAX, EXTENSION_QUESTIONS_MAX};
use cartwheel::message::client::RequestError;
use cartwheel::message::frame::Flags;
use cartwheel::message::replica::BucketsQuery;
use cartwheel::message::{Message, decode, encode};
use cartwheel_client::Client;

use crate::cluster::{Cluster, with_extensions};
use crate::harm::{Harm, Watched, harmful, once, refusal};
use crate::raw::{Raw, encoded};

/// How long the node waits for an answer: far longer than any question takes to its handler, for
/// nobody has to sit it out.
const WAIT: Duration = Duration::from_secs(30);
const SETTINGS: &str = "[coordination]\nrequest_timeout_ms = 30000\n";

/// Asks so many questions of a length that are not answered, until the node has given them up.
///
/// Each comes over a connection of its own, since one would not carry all of them at once.
async fn crowd(cluster: &Cluster, watched: &Watched, count: usize, len: usize) {
    let handled = || watched.handled.load(Ordering::Relaxed);
    let all = handled() + count as u64;
    let harm = encode(&Harm::Wait(Bytes::from(vec![7; len])));
    let mut askers = Vec::new();
    for _ in 0..count {
        let mut asker = Raw::greeted(cluster).await;
        asker.ask(Harm::KIND, 2, harm.clone()).await;
        askers.push(asker);
    }
    while handled() < all {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    skip(WAIT).await;
    for mut asker in askers {
        let given_up = asker.error().await;
        assert!(
            matches!(given_up, RequestError::TimedOut { .. }),
            "{given_up:?}"
        );
    }
}

/// Lets every timer see that so much time has passed.
async fn skip(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

async fn is_full(client: &Client) -> bool {
    match client.ask(&Harm::Answer).await {
        Ok(()) => false,
        asked => {
            let refused = refusal(asked);
            assert!(
                matches!(refused, RequestError::Overloaded { .. }),
                "{refused:?}"
            );
            true
        }
    }
}

#[test]
fn questions_that_nobody_waits_for_keep_their_places_until_their_handlers_have_ended() {
    let (extension, watched) = harmful();
    with_extensions(1, &[extension], SETTINGS, |cluster| async move {
        let client = once(&cluster, 0).await;
        crowd(&cluster, &watched, EXTENSION_QUESTIONS_MAX - 1, 0).await;
        assert!(!is_full(&client).await);
        crowd(&cluster, &watched, 1, 0).await;
        assert!(is_full(&client).await);
        client
            .bucket("default")
            .put("key", "value")
            .send()
            .await
            .unwrap();
        watched.answers.add_permits(1);
        while is_full(&client).await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
}

#[test]
fn questions_are_bounded_by_their_bytes_too() {
    let (extension, watched) = harmful();
    with_extensions(1, &[extension], SETTINGS, |cluster| async move {
        let client = once(&cluster, 0).await;
        let (count, len) = (8, EXTENSION_QUESTION_BYTES_MAX / 8 - 1000);
        crowd(&cluster, &watched, count, len).await;
        assert!(!is_full(&client).await, "a small one has room");
        let large = Harm::Wait(Bytes::from(vec![7; 8000]));
        let refused = refusal(client.ask(&large).await);
        assert!(
            matches!(refused, RequestError::Overloaded { .. }),
            "{refused:?}"
        );
        watched.answers.add_permits(100);
        while client.ask(&large).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
}

#[test]
fn an_extension_that_does_not_answer_a_member_leaves_the_members_own_questions_alone() {
    let (extension, watched) = harmful();
    with_extensions(3, &[extension], "", |cluster| async move {
        let mut raw = Raw::of_member(&cluster, 0, 2).await;
        let (credits, harm) = (
            u64::from(EXTENSION_CREDITS),
            encode(&Harm::Wait(Bytes::new())),
        );
        for call in 0..=credits {
            let frame = encoded(Flags::REQUEST, Harm::KIND, call + 2, harm.clone());
            raw.send(&frame).await;
        }
        let refused = raw.answer().await.expect("an answer");
        let error: RequestError = decode(refused.kind, &refused.body).unwrap();
        assert_eq!(refused.call, credits + 2);
        assert!(
            matches!(error, RequestError::Overloaded { .. }),
            "{error:?}"
        );
        raw.ask(BucketsQuery::KIND, 1, encode(&BucketsQuery)).await;
        let answer = raw.answer().await.unwrap();
        assert_eq!((answer.call, answer.flags), (1, Flags::REPLY));
        watched.answers.add_permits(100);
    });
}
