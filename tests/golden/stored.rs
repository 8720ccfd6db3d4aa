//! What lies on disk, in clients' hands and around every message.

use bytes::{Bytes, BytesMut};
use cartwheel::key::{BucketId, KeyHash, PartitionId};
use cartwheel::message::Kind;
use cartwheel::message::frame::{Flags, Frame, Parsed};
use cartwheel::store::{SliceId, StoredKey};
use cartwheel::version::{
    Attributes, ConflictRule, Context, ContextSecret, Dot, History, Origin, Record, RequestId,
    Stamp, Value, Version,
};

use crate::hex_file::HexFile;

const BUCKET: BucketId = BucketId(7);
const KEY: &[u8] = b"cart:1001";

#[test]
fn stored_keys_keep_their_form() {
    let slice = SliceId {
        partition: PartitionId(513),
        n: 3,
    };
    let key = StoredKey::new(slice, KeyHash::of(BUCKET, KEY), BUCKET, KEY);
    let (from, until) = StoredKey::range_of(slice);
    HexFile::new(
        "stored_key",
        "The key of a record on disk: src/store/stored_key.rs.",
    )
    .section(
        "partition 513, n 3, bucket 7, key \"cart:1001\"",
        key.as_bytes(),
    )
    .section("the first of the slice", &from)
    .section("behind the last of the slice", &until)
    .check();
}

#[test]
fn records_keep_their_form() {
    let forms = [
        ("never written", Record::new()),
        ("one value", written(&[version(7, milk(None))])),
        (
            "two siblings, one with attributes",
            written(&[version(7, milk(None)), version(3, milk(attributes()))]),
        ),
        (
            "deleted: covered counters and single dots, no value",
            deleted(),
        ),
        ("a value beside single dots", beside_single_dots()),
        (
            "a last-writer-wins tombstone",
            written(&[version(7, Value::Tombstone)]),
        ),
    ];
    let mut file = HexFile::new(
        "record",
        "An encoded record, on disk and between nodes: src/version/encoding.rs.",
    );
    for (label, record) in forms {
        let bytes = record.encode();
        assert_eq!(Record::decode(&bytes), Ok(record), "{label}");
        file = file.section(label, &bytes);
    }
    file.check();
}

#[test]
fn sealed_contexts_keep_their_form() {
    let secret = ContextSecret::new(*b"0123456789abcdef");
    let forms = [
        ("nothing seen", Context::default()),
        (
            "counters, single dots and a stamp",
            Context {
                history: history(),
                stamp: Stamp(1 << 40),
            },
        ),
    ];
    let mut file = HexFile::new(
        "context",
        "A sealed context: src/version/context.rs.\nSecret \"0123456789abcdef\", bucket 7, key \"cart:1001\".",
    );
    for (label, context) in forms {
        let sealed = context.seal(&secret, BUCKET, KEY);
        assert_eq!(
            Context::open(&sealed, &secret, BUCKET, KEY),
            Ok(context),
            "{label}"
        );
        file = file.section(label, &sealed);
    }
    file.check();
}

#[test]
fn frames_keep_their_form() {
    let frame = |flags, body: &'static [u8]| Frame {
        kind: Kind(17),
        flags,
        call: 0x0102_0304_0506_0708,
        remaining_ms: 1500,
        body: Bytes::from_static(body),
    };
    let forms = [
        ("a request", frame(Flags::REQUEST, b"body")),
        ("a reply", frame(Flags::REPLY, b"body")),
        ("an error", frame(Flags::ERROR, b"body")),
        ("a piece", frame(Flags::CHUNK, b"piece")),
        ("the last piece", frame(Flags::LAST_CHUNK, b"")),
    ];
    let mut file = HexFile::new(
        "frame",
        "What surrounds every message: src/message/frame.rs.\nKind 17, call 0102030405060708, 1500 ms left.",
    );
    for (label, frame) in forms {
        let mut bytes = BytesMut::new();
        frame.encode(&mut bytes);
        file = file.section(label, &bytes);
        assert_eq!(
            Frame::parse(&mut bytes, 100),
            Ok(Parsed::Frame(frame)),
            "{label}"
        );
    }
    file.check();
}

#[test]
fn digests_keep_their_values() {
    let forms = [
        ("never written", Record::new()),
        ("one value", written(&[version(7, milk(None))])),
        ("a value beside single dots", beside_single_dots()),
    ];
    let mut file = HexFile::new(
        "digest",
        "The fingerprints of some records of record.hex: src/version/digest.rs.",
    );
    for (label, record) in forms {
        file = file.section(label, &record.digest().0);
    }
    file.check();
}

fn history() -> History {
    let mut history = History::new();
    history.cover(Origin(2), 5);
    history.cover(Origin(0xffee_ddcc_bbaa_9988), 70_000);
    for counter in [9, 300] {
        history.insert(Dot {
            origin: Origin(2),
            counter,
        });
    }
    history
}

fn version(origin: u64, value: Value) -> Version {
    Version {
        dot: Dot {
            origin: Origin(origin),
            counter: 4,
        },
        request: RequestId::new(0x0011_2233_4455_6677_8899_aabb_ccdd_ee00 + u128::from(origin)),
        stamp: Stamp(1 << 40),
        value,
    }
}

fn milk(attributes: Option<Box<Attributes>>) -> Value {
    Value::Live {
        bytes: Bytes::from_static(b"milk"),
        attributes,
    }
}

fn attributes() -> Option<Box<Attributes>> {
    Some(Box::new(Attributes {
        content_type: "text/plain".to_owned(),
        metadata: vec![("language".to_owned(), "français".to_owned())],
    }))
}

fn written(versions: &[Version]) -> Record {
    let mut record = Record::new();
    for version in versions {
        record.write(version.clone(), ConflictRule::Siblings);
    }
    record
}

fn deleted() -> Record {
    let mut record = Record::new();
    record.cover(&history());
    record
}

fn beside_single_dots() -> Record {
    let mut record = deleted();
    record.write(version(7, milk(None)), ConflictRule::Siblings);
    record
}
