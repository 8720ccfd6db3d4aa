//! The exchange that the page shows in bytes, encoded anew.

use bytes::{Bytes, BytesMut};
use cartwheel::key::BucketId;
use cartwheel::limits::{CLIENT_FRAME_LEN_MAX, SESSION_REQUESTS_MAX};
use cartwheel::message::client::{Get, Got, Put, PutDone, QuorumOptions, RequestError, Sibling};
use cartwheel::message::frame::{Flags, Frame};
use cartwheel::message::hello::{Hello, Speaker, Welcome};
use cartwheel::message::{Kind, Message, encode};
use cartwheel::node::{NodeId, OpeningId, StoreId};
use cartwheel::version::{Attributes, Context, ContextSecret, Dot, Origin, RequestId, Stamp};
use serde::Serialize;

use super::document::Document;

const KEY: &[u8] = b"cart:1001";

#[test]
fn the_exchange_is_what_the_code_would_say() {
    let mut blocks = Document::read().hex_blocks();
    for (name, frame) in exchange() {
        let mut bytes = BytesMut::new();
        frame.encode(&mut bytes);
        let shown = blocks.remove(name);
        let shown = shown.unwrap_or_else(|| panic!("no block is named {name}"));
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x} ")).collect();
        let (shown, known): (String, String) = (hex(&shown), hex(&bytes));
        assert_eq!(shown, known, "{name}; left: page, right: code");
    }
    let others: Vec<&String> = blocks.keys().collect();
    assert!(others.is_empty(), "nothing is known of {others:?}");
}

fn exchange() -> Vec<(&'static str, Frame)> {
    vec![
        ("Hello", request::<Hello>(1, 2_000, &hello())),
        ("Welcome", reply(Hello::KIND, 1, &welcome())),
        ("Put", request::<Put>(2, 4_900, &put())),
        ("PutDone", reply(Put::KIND, 2, &put_done())),
        ("Get", request::<Get>(3, 4_900, &get("default"))),
        ("Got", reply(Get::KIND, 3, &got())),
        ("Unknown bucket", request::<Get>(4, 4_900, &get("cards"))),
        ("Refused", refusal(Get::KIND, 4)),
    ]
}

fn request<M: Message>(call: u64, remaining_ms: u32, message: &M) -> Frame {
    Frame {
        kind: M::KIND,
        flags: Flags::REQUEST,
        call,
        remaining_ms,
        body: encode(message),
    }
}

fn reply(kind: Kind, call: u64, reply: &impl Serialize) -> Frame {
    Frame {
        kind,
        flags: Flags::REPLY,
        call,
        remaining_ms: 0,
        body: encode(reply),
    }
}

fn refusal(kind: Kind, call: u64) -> Frame {
    let name = "cards".to_owned();
    Frame {
        flags: Flags::ERROR,
        ..reply(kind, call, &RequestError::UnknownBucket { name })
    }
}

fn hello() -> Hello {
    Hello {
        cluster: None,
        speaker: Speaker::Client("example".to_owned()),
        credentials: Vec::new(),
    }
}

fn welcome() -> Welcome {
    Welcome {
        cluster: b"sixteen byte id!".to_vec(),
        node: NodeId(1),
        store: StoreId(0x1122_3344_5566_7788),
        opening: OpeningId(0x0102_0304_0506_0708),
        credits: SESSION_REQUESTS_MAX,
        frame_limit: CLIENT_FRAME_LEN_MAX,
    }
}

fn put() -> Put {
    Put {
        bucket: "default".to_owned(),
        key: Bytes::from_static(KEY),
        value: Bytes::from_static(b"milk"),
        context: Bytes::new(),
        request: RequestId::new(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff),
        attributes: attributes(),
        options: QuorumOptions::default(),
    }
}

fn attributes() -> Option<Box<Attributes>> {
    Some(Box::new(Attributes {
        content_type: "text/plain".to_owned(),
        metadata: Vec::new(),
    }))
}

/// Sealed with a secret that no cluster has.
fn context() -> Bytes {
    let mut context = Context {
        stamp: Stamp::ZERO,
        ..Context::default()
    };
    context.history.insert(Dot {
        origin: Origin(0xaabb_ccdd_eeff_0011),
        counter: 1,
    });
    context.seal(&ContextSecret::new(*b"a secret example"), BucketId(0), KEY)
}

fn put_done() -> PutDone {
    PutDone {
        context: context(),
        explain: None,
    }
}

fn get(bucket: &str) -> Get {
    Get {
        bucket: bucket.to_owned(),
        key: Bytes::from_static(KEY),
        context: Bytes::new(),
        options: QuorumOptions::default(),
    }
}

fn got() -> Got {
    let value = Sibling {
        value: Bytes::from_static(b"milk"),
        attributes: attributes(),
    };
    Got {
        values: vec![value],
        context: context(),
        explain: None,
    }
}
