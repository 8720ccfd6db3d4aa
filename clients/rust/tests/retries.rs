//! What is tried again, and under which name.

use cartwheel::message::client::{Put, PutDone};
use cartwheel_client::{Error, NodeId, RequestError};
use futures::future::join;
use tokio::time::Instant;

use crate::script::{LONG, Node, SHORT, body, found};

fn done() -> PutDone {
    PutDone {
        context: b"done"[..].into(),
        explain: None,
    }
}

const UNREACHABLE: RequestError = RequestError::QuorumUnreachable {
    required: 2,
    acknowledged: 1,
    failed: 2,
};

#[tokio::test]
async fn a_retry_after_a_broken_connection_has_the_same_request_id() {
    let node = Node::listen().await;
    let (client, mut session) = node.connect(node.builder()).await;
    let write = client.bucket("default").put("key", "value").send();
    let script = async {
        let first: Put = body(&session.next().await);
        drop(session);
        let mut session = node.accept().await;
        let question = session.next().await;
        assert_eq!(body::<Put>(&question), first);
        session.answer(&question, &done()).await;
    };
    let (written, ()) = join(write, script).await;
    assert_eq!(written.unwrap().context.as_bytes(), b"done");
}

#[tokio::test]
async fn different_writes_have_different_request_ids() {
    let node = Node::listen().await;
    let (client, mut session) = node.connect(node.builder()).await;
    let bucket = client.bucket("default");
    let writes = join(bucket.put("a", "").send(), bucket.put("b", "").send());
    let script = async {
        let (one, other) = (session.next().await, session.next().await);
        assert_ne!(body::<Put>(&one).request, body::<Put>(&other).request);
        session.answer(&one, &done()).await;
        session.answer(&other, &done()).await;
    };
    let ((one, other), ()) = join(writes, script).await;
    assert!(one.is_ok() && other.is_ok());
}

#[tokio::test]
async fn a_connection_that_breaks_inside_an_answer_is_a_broken_one() {
    let node = Node::listen().await;
    let (client, mut session) = node.connect(node.builder().retries(0)).await;
    let write = client.bucket("default").put("key", "value").send();
    let script = async {
        session.next().await;
        session.say_bytes(&[0, 0, 0, 40, 1, 0, 17]).await.unwrap();
        drop(session);
    };
    let (written, ()) = join(write, script).await;
    let Err(Error::Unreachable {
        endpoints,
        last,
        sent,
    }) = written
    else {
        panic!("{written:?}");
    };
    assert_eq!((endpoints, sent), (vec![node.endpoint()], true));
    assert!(last.to_string().ends_with("7 bytes into a frame"), "{last}");
}

#[tokio::test]
async fn an_overloaded_node_is_asked_again_when_it_said() {
    let node = Node::listen().await;
    let (client, mut session) = node.connect(node.builder()).await;
    let began = Instant::now();
    let read = client.bucket("default").get("key").send();
    let script = async {
        let question = session.next().await;
        let retry_after_ms = 300;
        let refusal = RequestError::Overloaded { retry_after_ms };
        session.refuse(&question, &refusal).await;
        let again = session.next().await;
        assert!(began.elapsed().as_millis() >= 300);
        assert_eq!(again.body, question.body);
        session.answer(&again, &found("value")).await;
    };
    let (object, ()) = join(read, script).await;
    assert!(object.is_ok());
}

#[tokio::test]
async fn a_retry_that_could_not_be_in_time_is_not_waited_for() {
    let node = Node::listen().await;
    let (client, mut session) = node.connect(node.builder()).await;
    let refusal = RequestError::Overloaded {
        retry_after_ms: u32::MAX,
    };
    let began = Instant::now();
    let read = client.bucket("default").get("key").send();
    let script = async {
        let question = session.next().await;
        session.refuse(&question, &refusal).await;
    };
    let (object, ()) = join(read, script).await;
    assert_eq!(object.unwrap_err().refusal(), Some(&refusal));
    assert!(began.elapsed() < LONG);
}

#[tokio::test]
async fn a_missing_quorum_is_tried_again_and_then_told_with_its_numbers() {
    let node = Node::listen().await;
    let (client, mut session) = node.connect(node.builder().retries(2)).await;
    let write = client.bucket("default").put("key", "value").send();
    let script = async {
        let first = session.next().await;
        session.refuse(&first, &UNREACHABLE).await;
        for _ in 0..2 {
            let again = session.next().await;
            assert_eq!(again.body, first.body);
            session.refuse(&again, &UNREACHABLE).await;
        }
    };
    let (written, ()) = join(write, script).await;
    let error = written.unwrap_err();
    assert!(matches!(&error, Error::Refused(refusal) if *refusal == UNREACHABLE));
    assert!(error.outcome_is_unknown());
}

/// A node says how long it had, which is only what the attempts before it have left.
#[tokio::test]
async fn a_time_out_after_several_attempts_speaks_of_all_of_them() {
    let node = Node::listen().await;
    let (client, mut session) = node.connect(node.builder().retries(1)).await;
    let write = client.bucket("default").put("key", "value").send();
    let late = RequestError::TimedOut {
        required: 2,
        acknowledged: 1,
        waited_ms: 7,
    };
    let script = async {
        for _ in 0..2 {
            let question = session.next().await;
            tokio::time::sleep(SHORT).await;
            session.refuse(&question, &late).await;
        }
    };
    let (written, ()) = join(write, script).await;
    let error = written.unwrap_err();
    let Error::TimedOut {
        after,
        attempts: 2,
        sent: true,
    } = error
    else {
        panic!("{error}");
    };
    assert!(after >= 2 * SHORT, "{after:?}");
    assert!(error.outcome_is_unknown());
}

/// With the connections 0 and 2 to the one that does not serve, turns alone would ask it twice.
#[tokio::test]
async fn a_node_that_does_not_serve_is_passed_over_for_the_next() {
    let (starting, serving) = (Node::listen().await, Node::listen().await);
    let builder = starting.builder().connections(3).retries(1);
    let builder = builder.endpoints([starting.endpoint(), serving.endpoint()]);
    let both = join(starting.accept(), starting.accept());
    let sessions = join(both, serving.accept());
    let (client, ((one, other), mut serving)) = join(builder.build(), sessions).await;
    let client = client.unwrap();
    let refusal = RequestError::NotServing {
        node: NodeId(1),
        cause: "starting".to_owned(),
    };
    for mut session in [one, other] {
        let refusal = refusal.clone();
        tokio::spawn(async move {
            while let Some(question) = session.next_or_end().await {
                session.refuse(&question, &refusal).await;
            }
        });
    }
    tokio::spawn(async move {
        while let Some(question) = serving.next_or_end().await {
            serving.answer(&question, &found("value")).await;
        }
    });
    // Both nodes have said welcome, but the client may not have read so yet.
    let bucket = client.bucket("default");
    while bucket.get("warm").await.is_err() {}
    for key in 0..9 {
        bucket.get([key]).await.unwrap();
    }
}

#[tokio::test]
async fn a_final_refusal_is_not_tried_again() {
    let node = Node::listen().await;
    let (client, mut session) = node.connect(node.builder()).await;
    let refusal = RequestError::TooManySiblings {
        siblings: 101,
        siblings_max: 100,
        bytes: 4_040,
        bytes_max: 16_777_216,
        values: found("one of them").values,
        context: b"covers them"[..].into(),
    };
    let write = client.bucket("default").put("key", "value").send();
    let script = async {
        let question = session.next().await;
        session.refuse(&question, &refusal).await;
        let again = tokio::time::timeout(SHORT, session.next()).await;
        assert!(
            again.is_err(),
            "only the caller can merge what nobody has read"
        );
    };
    let (written, ()) = join(write, script).await;
    let error = written.unwrap_err();
    assert!(!error.outcome_is_unknown());
    assert!(matches!(error, Error::Refused(error) if error == refusal));
}

#[tokio::test]
async fn a_refused_retry_says_that_an_earlier_attempt_is_in_doubt() {
    let node = Node::listen().await;
    let (client, mut session) = node.connect(node.builder()).await;
    let write = client.bucket("default").put("key", "value").send();
    let script = async {
        session.next().await;
        drop(session);
        let mut session = node.accept().await;
        let again = session.next().await;
        session.refuse(&again, &RequestError::ContextRequired).await;
    };
    let (written, ()) = join(write, script).await;
    let error = written.unwrap_err();
    assert!(error.outcome_is_unknown());
    let expected = RequestError::ContextRequired;
    assert!(matches!(error, Error::RetryRefused { attempts: 2, refusal } if refusal == expected));
}
