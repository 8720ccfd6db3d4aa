//! Every request ends before its deadline.

use std::time::Duration;

use cartwheel_client::{ConnectionError, Error};
use futures::future::join;

use crate::script::{LONG, Node, SHORT, found};

#[tokio::test]
async fn a_request_without_an_answer_ends_at_its_deadline() {
    let node = Node::listen().await;
    let (client, mut session) = node.connect(node.builder()).await;
    let began = tokio::time::Instant::now();
    let read = client.bucket("default").get("key").timeout(SHORT).send();
    let (object, question) = join(read, session.next()).await;
    let Err(Error::TimedOut {
        after,
        attempts,
        sent,
    }) = object
    else {
        panic!("{object:?}");
    };
    assert_eq!((after, attempts, sent), (SHORT, 1, false));
    assert!(began.elapsed() >= SHORT);
    // A tenth less than there was, so that the node's own account is heard.
    assert!((1..=180).contains(&question.remaining_ms), "{question:?}");
}

#[tokio::test]
async fn the_late_answer_of_a_timed_out_call_is_dropped() {
    let node = Node::listen().await;
    let (client, mut session) = node.connect(node.builder()).await;
    let bucket = client.bucket("default");
    let late = bucket.get("late").timeout(SHORT).await;
    assert!(matches!(late, Err(Error::TimedOut { .. })));
    let script = async {
        let late = session.next().await;
        let next = session.next().await;
        session.answer(&late, &found("late")).await;
        session.answer(&next, &found("next")).await;
    };
    let (object, ()) = join(bucket.get("next").send(), script).await;
    assert_eq!(object.unwrap().value().unwrap(), "next");
}

#[tokio::test]
async fn a_shorter_deadline_is_kept_beside_a_longer_one() {
    let node = Node::listen().await;
    let (client, _session) = node.connect(node.builder()).await;
    let bucket = client.bucket("default");
    let long = bucket.get("long").send();
    let short = bucket.get("short").timeout(SHORT).send();
    tokio::select! {
        biased;
        _ = long => panic!("nobody answers"),
        short = short => assert!(matches!(short, Err(Error::TimedOut { .. }))),
    }
}

#[tokio::test]
async fn a_write_that_timed_out_is_in_doubt_if_it_was_sent() {
    let node = Node::listen().await.with_credits(1);
    let (client, _session) = node.connect(node.builder()).await;
    let bucket = client.bucket("default");
    let sent = bucket.put("sent", "value").timeout(SHORT * 2).send();
    let waited = bucket.put("for a credit", "value").timeout(SHORT).send();
    let (sent, waited) = join(sent, waited).await;
    assert!(sent.unwrap_err().outcome_is_unknown());
    assert!(!waited.unwrap_err().outcome_is_unknown());
}

#[tokio::test]
async fn a_silent_node_is_given_up_for_another() {
    let (silent, other) = (Node::listen().await, Node::listen().await);
    let builder = silent.builder().attempt_timeout(SHORT).connections(1);
    let builder = builder.endpoints([silent.endpoint(), other.endpoint()]);
    let (client, mut session) = silent.connect(builder).await;
    let bucket = client.bucket("default");
    let script = async {
        let unanswered = session.next().await;
        let mut other = other.accept().await;
        let again = other.next().await;
        assert_eq!(again.body, unanswered.body);
        other.answer(&again, &found("value")).await;
        assert!(session.next_or_end().await.is_none(), "it was closed");
    };
    let (object, ()) = join(bucket.get("key").send(), script).await;
    assert_eq!(object.unwrap().value().unwrap(), "value");
}

#[tokio::test]
async fn a_node_that_never_welcomes_is_not_waited_for() {
    let node = Node::listen().await;
    let builder = node.builder().connect_timeout(SHORT);
    let (client, _session) = join(builder.build(), node.take()).await;
    let Err(Error::Unreachable { last, .. }) = client else {
        panic!("{client:?}");
    };
    let expected = SHORT;
    assert!(matches!(&*last, ConnectionError::NotWelcomed { after, .. } if *after == expected));
}

#[tokio::test]
async fn a_timeout_beyond_the_clock_is_taken_for_a_very_long_one() {
    let node = Node::listen().await;
    let builder = node
        .builder()
        .timeout(Duration::MAX)
        .attempt_timeout(Duration::MAX);
    let (client, mut session) = node.connect(builder).await;
    let script = async {
        let question = session.next().await;
        assert!(question.remaining_ms > u32::try_from(LONG.as_millis()).unwrap());
        session.answer(&question, &found("value")).await;
    };
    let (object, ()) = join(client.bucket("default").get("key").send(), script).await;
    assert!(object.is_ok());
}
