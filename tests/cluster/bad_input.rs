//! Bytes that no client of ours would send: each gets a typed error, and the node goes on.

use bytes::{BufMut, Bytes, BytesMut};
use cartwheel::limits::{BACKGROUND_CREDITS, CLIENT_FRAME_LEN_MAX, HELLO_FRAME_LEN_MAX};
use cartwheel::message::client::{Get, Put, QuorumOptions, RequestError};
use cartwheel::message::frame::Flags;
use cartwheel::message::hello::{Hello, Speaker};
use cartwheel::message::replica::BucketsQuery;
use cartwheel::message::{Kind, Message, decode, encode};
use cartwheel::node::{NodeId, OpeningId, StoreId};
use cartwheel::version::{Attributes, RequestId};

use crate::cluster::with_nodes;
use crate::raw::{Raw, encoded, get, hello};

fn put(key: Bytes, value: Bytes) -> Put {
    Put {
        bucket: "default".to_owned(),
        key,
        value,
        context: Bytes::new(),
        request: RequestId::new(1),
        attributes: None,
        options: QuorumOptions::default(),
    }
}

#[test]
fn an_oversized_frame_is_refused_by_its_length_and_the_connection_closed() {
    with_nodes(3, |cluster| async move {
        let mut raw = Raw::greeted(&cluster).await;
        raw.send(&(CLIENT_FRAME_LEN_MAX + 1).to_be_bytes()).await;
        let error = raw.error().await;
        assert!(matches!(error, RequestError::BadFrame { .. }), "{error:?}");
        assert!(
            error
                .to_string()
                .contains(&CLIENT_FRAME_LEN_MAX.to_string()),
            "{error}"
        );
        raw.assert_closed().await;
        Raw::greeted(&cluster).await.assert_alive().await;
    });
}

#[test]
fn what_was_asked_before_a_bad_frame_is_answered_before_the_end() {
    with_nodes(3, |cluster| async move {
        let mut raw = Raw::greeted(&cluster).await;
        raw.assert_alive().await;
        raw.send(b"\0\0\0\x10\x09rest of a frame of version 9")
            .await;
        let error = raw.error().await;
        assert!(error.to_string().contains("version 9"), "{error}");
        raw.assert_closed().await;
    });
}

#[test]
fn a_client_s_answer_ends_its_connection_behind_the_answers_to_its_questions() {
    with_nodes(3, |cluster| async move {
        let mut raw = Raw::greeted(&cluster).await;
        let mut bytes = encoded(Flags::REQUEST, Get::KIND, 7, encode(&get(b"key")));
        bytes.extend(encoded(Flags::REPLY, Get::KIND, 8, Bytes::new()));
        bytes.extend(encoded(Flags::REQUEST, Get::KIND, 9, encode(&get(b"key"))));
        raw.send(&bytes).await;
        let first = raw.answer().await.expect("the answer to what came before");
        assert_eq!((first.call, first.flags), (7, Flags::REPLY));
        let last = raw.answer().await.expect("a farewell");
        assert_eq!((last.kind, last.call), (Kind(0), 0));
        let error: RequestError = decode(last.kind, &last.body).unwrap();
        assert!(matches!(error, RequestError::BadFrame { .. }), "{error:?}");
        assert!(error.to_string().contains("call 8"), "{error}");
        raw.assert_closed().await;
    });
}

#[test]
fn a_bad_frame_close_behind_the_greeting_is_refused_behind_the_welcome() {
    with_nodes(3, |cluster| async move {
        let mut raw = Raw::connect(&cluster.nodes[0].client_address).await;
        let mut bytes = encoded(Flags::REQUEST, Hello::KIND, 1, encode(&hello(None)));
        bytes.extend(encoded(Flags::REPLY, Get::KIND, 2, Bytes::new()));
        raw.send(&bytes).await;
        let welcome = raw.answer().await.expect("a welcome");
        assert_eq!((welcome.call, welcome.flags), (1, Flags::REPLY));
        let error = raw.error().await;
        assert!(matches!(error, RequestError::BadFrame { .. }), "{error:?}");
        raw.assert_closed().await;
    });
}

#[test]
fn an_unknown_kind_and_a_nodes_kind_are_refused_and_the_connection_lives() {
    with_nodes(3, |cluster| async move {
        let mut raw = Raw::greeted(&cluster).await;
        for kind in [63, 64, 80, 0x8000] {
            raw.ask(Kind(kind), 5, Bytes::new()).await;
            assert_eq!(raw.error().await, RequestError::UnknownKind { kind });
        }
        raw.assert_alive().await;
    });
}

#[test]
fn lying_and_deep_bodies_are_malformed_and_the_connection_lives() {
    with_nodes(3, |cluster| async move {
        let mut raw = Raw::greeted(&cluster).await;
        let mut deep = vec![0x91; 100_000];
        deep.push(0xc0);
        let lying = b"\xdd\xff\xff\xff\xff".to_vec();
        let whole = encode(&put(
            Bytes::from_static(b"key"),
            Bytes::from_static(b"value"),
        ));
        let cut = whole[..whole.len() - 3].to_vec();
        let mut longer = whole.to_vec();
        longer.push(0);
        for body in [deep, lying, cut, longer, Vec::new(), vec![0xc1]] {
            raw.ask(Put::KIND, 6, Bytes::from(body)).await;
            let error = raw.error().await;
            assert!(
                matches!(error, RequestError::Malformed { kind: 17, .. }),
                "{error:?}"
            );
        }
        raw.assert_alive().await;
    });
}

#[test]
fn keys_and_values_over_the_limit_are_refused_with_the_numbers() {
    with_nodes(3, |cluster| async move {
        let mut raw = Raw::greeted(&cluster).await;
        let long = put(Bytes::from(vec![b'k'; 1025]), Bytes::new());
        raw.ask(Put::KIND, 7, encode(&long)).await;
        assert_eq!(
            raw.error().await,
            RequestError::KeyLength {
                len: 1025,
                limit: 1024
            }
        );
        raw.ask(Put::KIND, 8, encode(&put(Bytes::new(), Bytes::new())))
            .await;
        assert_eq!(
            raw.error().await,
            RequestError::KeyLength {
                len: 0,
                limit: 1024
            }
        );
        let len = 1024 * 1024 + 1;
        let large = put(Bytes::from_static(b"key"), Bytes::from(vec![0; len]));
        raw.ask(Put::KIND, 9, encode(&large)).await;
        let (len, limit) = (len as u64, 1024 * 1024);
        assert_eq!(
            raw.error().await,
            RequestError::ValueTooLarge { len, limit }
        );
        let mut empty = put(Bytes::from_static(b"key"), Bytes::new());
        empty.attributes = Some(Box::new(Attributes {
            content_type: String::new(),
            metadata: vec![Default::default(); 1025],
        }));
        raw.ask(Put::KIND, 10, encode(&empty)).await;
        let (len, limit) = (2050, 2048);
        assert_eq!(
            raw.error().await,
            RequestError::AttributesTooLarge { len, limit }
        );
        raw.assert_alive().await;
    });
}

#[test]
fn a_half_sent_frame_holds_up_nobody_else() {
    with_nodes(3, |cluster| async move {
        let mut half = Raw::greeted(&cluster).await;
        let mut frame = BytesMut::new();
        frame.put_u32(5_000_000);
        frame.put_slice(b"\x01\0\x11\0");
        half.send(&frame).await;
        Raw::greeted(&cluster).await.assert_alive().await;
        drop(half);
        Raw::greeted(&cluster).await.assert_alive().await;
    });
}

#[test]
fn who_does_not_greet_or_means_another_cluster_is_cut_off() {
    with_nodes(3, |cluster| async move {
        let address = cluster.nodes[0].client_address.clone();
        let mut silent = Raw::connect(&address).await;
        silent.ask(Get::KIND, 1, encode(&get(b"key"))).await;
        assert_eq!(silent.error().await, RequestError::HelloExpected);
        silent.assert_closed().await;
        let mut stranger = Raw::connect(&address).await;
        stranger.ask(Hello::KIND, 1, encode(&hello(Some(1)))).await;
        let error = stranger.error().await;
        assert!(
            matches!(error, RequestError::WrongCluster { .. }),
            "{error:?}"
        );
        stranger.assert_closed().await;
    });
}

#[test]
fn a_first_frame_of_full_size_is_refused_by_its_length_at_both_doors() {
    with_nodes(3, |cluster| async move {
        let node = &cluster.nodes[0];
        for address in [&node.client_address, &node.bridge_address] {
            let mut raw = Raw::connect(address).await;
            raw.send(&(HELLO_FRAME_LEN_MAX + 1).to_be_bytes()).await;
            let error = raw.error().await;
            assert!(matches!(error, RequestError::BadFrame { .. }), "{error:?}");
            let limit = HELLO_FRAME_LEN_MAX.to_string();
            assert!(error.to_string().contains(&limit), "{error}");
            raw.assert_closed().await;
        }
    });
}

#[test]
fn a_large_request_may_follow_the_greeting_at_once() {
    with_nodes(3, |cluster| async move {
        let mut raw = Raw::connect(&cluster.nodes[0].client_address).await;
        let large = put(Bytes::from_static(b"key"), Bytes::from(vec![7; 1 << 20]));
        let mut bytes = encoded(Flags::REQUEST, Hello::KIND, 1, encode(&hello(None)));
        bytes.extend(encoded(Flags::REQUEST, Put::KIND, 2, encode(&large)));
        raw.send(&bytes).await;
        for call in [1, 2] {
            let answer = raw.answer().await.expect("an answer");
            assert_eq!((answer.call, answer.flags), (call, Flags::REPLY));
        }
    });
}

#[test]
fn a_stranger_at_the_bridge_is_cut_off() {
    with_nodes(3, |cluster| async move {
        let mut raw = Raw::connect(&cluster.nodes[0].bridge_address).await;
        let stranger = Hello {
            speaker: Speaker::Node {
                node: NodeId(77),
                store: StoreId(1),
                opening: OpeningId(1),
                address: String::new(),
                lane: 0,
            },
            ..hello(Some(7))
        };
        raw.ask(Hello::KIND, 1, encode(&stranger)).await;
        let error = raw.error().await;
        assert!(
            matches!(error, RequestError::NotServing { .. }),
            "{error:?}"
        );
        raw.assert_closed().await;
        Raw::greeted(&cluster).await.assert_alive().await;
    });
}

#[test]
fn a_member_that_asks_more_at_once_than_its_credits_is_refused_the_rest() {
    with_nodes(3, |cluster| async move {
        let mut raw = Raw::of_member(&cluster, 0, 2).await;
        let (credits, asked) = (BACKGROUND_CREDITS as usize, 4 * BACKGROUND_CREDITS as usize);
        let mut bytes = BytesMut::new();
        for call in 0..asked as u64 {
            bytes.extend(encoded(
                Flags::REQUEST,
                BucketsQuery::KIND,
                call + 2,
                encode(&BucketsQuery),
            ));
        }
        raw.send(&bytes).await;
        let mut told = 0;
        for _ in 0..asked {
            let answer = raw.answer().await.expect("every question has an answer");
            if answer.flags.is_error() {
                let error: RequestError = decode(answer.kind, &answer.body).unwrap();
                assert!(
                    matches!(error, RequestError::Overloaded { .. }),
                    "{error:?}"
                );
            } else {
                told += 1;
            }
        }
        assert!((credits..asked).contains(&told), "{told} of {asked}");
        raw.ask(BucketsQuery::KIND, 1, encode(&BucketsQuery)).await;
        let answer = raw.answer().await.unwrap();
        assert!(
            answer.flags.is_reply() && !answer.flags.is_error(),
            "its credits came back"
        );
    });
}
