//! Many requests under way on one connection.

use futures::future::join_all;
use tokio::time::timeout;

use crate::script::{Node, SHORT, found, key_of};

#[tokio::test]
async fn answers_reach_their_calls_in_any_order() {
    let node = Node::listen().await;
    let (client, mut session) = node.connect(node.builder()).await;
    let bucket = client.bucket("default");
    let reads = join_all((0..100).map(|key| bucket.get(format!("key {key}")).send()));
    let script = async {
        let mut questions = Vec::new();
        for _ in 0..100 {
            questions.push(session.next().await);
        }
        for question in questions.iter().rev() {
            session.answer(question, &found(key_of(question))).await;
        }
    };
    let (objects, ()) = tokio::join!(reads, script);
    for (key, object) in objects.into_iter().enumerate() {
        let value = object.unwrap().value().cloned().unwrap();
        assert_eq!(value, format!("key {key}"));
    }
}

#[tokio::test]
async fn no_more_requests_are_under_way_than_the_node_gave_credits_for() {
    let node = Node::listen().await.with_credits(2);
    let (client, mut session) = node.connect(node.builder()).await;
    let bucket = client.bucket("default");
    let reads = join_all((0..3).map(|key| bucket.get([key]).send()));
    let script = async {
        let (first, second) = (session.next().await, session.next().await);
        let third = timeout(SHORT, session.next()).await;
        assert!(third.is_err(), "no credit is left for a third");
        session.answer(&second, &found("second")).await;
        let third = session.next().await;
        session.answer(&first, &found("first")).await;
        session.answer(&third, &found("third")).await;
    };
    let (objects, ()) = tokio::join!(reads, script);
    assert!(objects.iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_credit_comes_back_when_a_caller_gives_up() {
    let node = Node::listen().await.with_credits(1);
    let (client, mut session) = node.connect(node.builder()).await;
    let bucket = client.bucket("default");
    let given_up = timeout(SHORT, bucket.get("first").send()).await;
    assert!(given_up.is_err());
    let script = async {
        let first = session.next().await;
        let second = session.next().await;
        session.answer(&first, &found("nobody waits")).await;
        session.answer(&second, &found("second")).await;
    };
    let (object, ()) = tokio::join!(bucket.get("second").send(), script);
    assert_eq!(object.unwrap().value().unwrap(), "second");
}

#[tokio::test]
async fn large_values_travel_whole_and_more_of_them_than_may_wait_at_once() {
    let node = Node::listen().await;
    let (client, mut session) = node.connect(node.builder()).await;
    let bucket = client.bucket("default");
    let value = bytes::Bytes::from(vec![7; 8 * 1024 * 1024]);
    let writes = join_all((0..4).map(|key| bucket.put([key], value.clone()).send()));
    let script = async {
        for _ in 0..4 {
            let question = session.next().await;
            let put: cartwheel::message::client::Put = crate::script::body(&question);
            assert_eq!(put.value, value);
            let context = put.key;
            let explain = None;
            let done = cartwheel::message::client::PutDone { context, explain };
            session.answer(&question, &done).await;
        }
    };
    let (written, ()) = tokio::join!(writes, script);
    for (key, written) in written.into_iter().enumerate() {
        assert_eq!(written.unwrap().context.as_bytes(), [key as u8]);
    }
}
