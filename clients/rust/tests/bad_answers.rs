//! What a client makes of a node that does not keep to the protocol.

use bytes::Bytes;
use cartwheel::limits::ANSWER_FRAME_LEN_MAX;
use cartwheel::message::client::{Get, Put};
use cartwheel::message::frame::{Flags, FrameError, PROTOCOL_VERSION};
use cartwheel::message::{Message, encode};
use cartwheel_client::{BadAnswer, Client, Error, RequestError};
use futures::future::join;

use crate::script::{Node, found, reply};

/// What a read ends with when the node says these bytes instead of an answer.
async fn read_answered_with(bytes: &[u8]) -> BadAnswer {
    let node = Node::listen().await;
    let (client, mut session) = node.connect(node.builder().retries(0)).await;
    let script = async {
        session.next().await;
        session.say_bytes(bytes).await.unwrap();
        assert!(session.next_or_end().await.is_none(), "the client closes");
    };
    let (object, ()) = join(client.bucket("default").get("key").send(), script).await;
    cause(object.unwrap_err(), &node)
}

fn cause(error: Error, node: &Node) -> BadAnswer {
    match error {
        Error::BadAnswer {
            endpoint, cause, ..
        } if endpoint == node.endpoint() => cause,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn garbage_ends_the_connection() {
    let cause = read_answered_with(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    // "HTTP" read as a length.
    let (length, limit) = (0x4854_5450, ANSWER_FRAME_LEN_MAX);
    assert_eq!(cause, FrameError::TooLong { length, limit }.into());
}

#[tokio::test]
async fn an_oversized_answer_ends_the_connection_before_it_is_read() {
    let mut frame = (ANSWER_FRAME_LEN_MAX + 1).to_be_bytes().to_vec();
    frame.extend([PROTOCOL_VERSION, 0, 16, Flags::REPLY.0]);
    let cause = read_answered_with(&frame).await;
    let (length, limit) = (ANSWER_FRAME_LEN_MAX + 1, ANSWER_FRAME_LEN_MAX);
    assert_eq!(cause, FrameError::TooLong { length, limit }.into());
}

#[tokio::test]
async fn another_version_ends_the_connection() {
    let mut frame = 16_u32.to_be_bytes().to_vec();
    frame.extend([PROTOCOL_VERSION + 1; 16]);
    let cause = read_answered_with(&frame).await;
    let version = PROTOCOL_VERSION + 1;
    assert_eq!(cause, FrameError::UnknownVersion { version }.into());
}

#[tokio::test]
async fn a_chunk_is_no_answer_for_a_client() {
    let mut frame = 16_u32.to_be_bytes().to_vec();
    frame.extend([PROTOCOL_VERSION, 0, 16, Flags::CHUNK.0]);
    frame.extend([0; 12]);
    let flags = Flags::CHUNK;
    assert_eq!(
        read_answered_with(&frame).await,
        BadAnswer::NotAnAnswer { flags }
    );
}

#[tokio::test]
async fn a_node_of_another_version_can_not_be_connected_to() {
    let node = Node::listen().await;
    let script = async {
        let mut session = node.take().await;
        session.next().await;
        let mut frame = 16_u32.to_be_bytes().to_vec();
        frame.extend([9; 16]);
        session.say_bytes(&frame).await.unwrap();
    };
    let (client, ()) = join(node.builder().build(), script).await;
    let expected = FrameError::UnknownVersion { version: 9 };
    assert_eq!(cause(client.unwrap_err(), &node), expected.into());
}

#[tokio::test]
async fn a_refused_hello_is_the_refusal() {
    let node = Node::listen().await;
    let refusal = RequestError::WrongCluster {
        wanted: "aa".to_owned(),
        found: "bb".to_owned(),
    };
    let script = async {
        let mut session = node.take().await;
        let hello = session.next().await;
        session.refuse(&hello, &refusal).await;
    };
    let (client, ()) = join(node.builder().build(), script).await;
    assert!(matches!(client, Err(Error::Refused(found)) if found == refusal));
}

#[tokio::test]
async fn a_malformed_body_is_one_call_s_own_and_the_connection_stays() {
    let node = Node::listen().await;
    let (client, mut session) = node.connect(node.builder()).await;
    let bucket = client.bucket("default");
    let script = async {
        let question = session.next().await;
        let answer = reply(&question, Flags::REPLY, Bytes::from_static(b"\xc1"));
        session.say(&answer).await.unwrap();
        let question = session.next().await;
        session.answer(&question, &found("value")).await;
    };
    let reads = async {
        let malformed = bucket.get("first").await.unwrap_err();
        (malformed, bucket.get("second").await)
    };
    let ((malformed, second), ()) = join(reads, script).await;
    assert!(matches!(cause(malformed, &node), BadAnswer::Body(_)));
    assert!(second.is_ok());
}

#[tokio::test]
async fn the_answer_to_another_kind_of_question_is_none() {
    let node = Node::listen().await;
    let (client, mut session) = node.connect(node.builder()).await;
    let script = async {
        let mut question = session.next().await;
        question.kind = Put::KIND;
        session.answer(&question, &found("value")).await;
    };
    let (object, ()) = join(client.bucket("default").get("key").send(), script).await;
    let (asked, answered) = (Get::KIND, Put::KIND);
    let expected = BadAnswer::WrongKind { asked, answered };
    assert_eq!(cause(object.unwrap_err(), &node), expected);
}

#[tokio::test]
async fn an_error_without_a_call_is_the_connection_s_own() {
    let node = Node::listen().await;
    let (client, mut session) = node.connect(node.builder().retries(0)).await;
    let script = async {
        let mut question = session.next().await;
        question.call = 0;
        let cause = "a frame of 3 bytes".to_owned();
        let refusal = encode(&RequestError::BadFrame { cause });
        let answer = reply(&question, Flags::ERROR, refusal);
        session.say(&answer).await.unwrap();
        assert!(session.next_or_end().await.is_none(), "the client closes");
    };
    let (object, ()) = join(client.bucket("default").get("key").send(), script).await;
    assert!(matches!(
        object,
        Err(Error::Refused(RequestError::BadFrame { .. }))
    ));
}

#[tokio::test]
async fn a_request_over_the_node_s_limit_is_not_sent() {
    let node = Node::listen().await.with_frame_limit(1_000);
    let (client, mut session) = node.connect(node.builder()).await;
    let bucket = client.bucket("default");
    let script = async {
        let question = session.next().await;
        session.answer(&question, &found("value")).await;
    };
    let requests = async {
        let too_long = bucket.put("key", vec![0; 1_000]).await;
        (too_long, bucket.get("key").await)
    };
    let ((too_long, read), ()) = join(requests, script).await;
    let error = too_long.unwrap_err();
    assert!(!error.outcome_is_unknown());
    assert!(matches!(error, Error::RequestTooLong { len, limit: 1_000 } if len > 1_000));
    assert!(read.is_ok(), "the connection is as it was");
}

#[tokio::test]
async fn no_endpoints_are_an_error() {
    let built = Client::builder().build().await;
    assert!(matches!(built, Err(Error::NoEndpoints)));
}
