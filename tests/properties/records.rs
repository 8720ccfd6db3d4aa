//! Records with every kind of version, for the properties of encodings and digests.

use bytes::Bytes;
use cartwheel::version::{Attributes, ConflictRule, Record, RequestId, Stamp, Value, Version};
use proptest::prelude::*;

use crate::dots;

/// A record of any shape: siblings, tombstones, attributes, single dots.
pub fn record() -> impl Strategy<Value = Record> {
    let versions = prop::collection::vec(version(), 0..5);
    (dots::history(), versions).prop_map(|(history, versions)| {
        let mut record = Record::new();
        record.cover(&history);
        for version in versions {
            // A dot is never issued twice; what was covered before it was minted never happens.
            if !record.history().contains(version.dot) {
                record.write(version, ConflictRule::Siblings);
            }
        }
        record
    })
}

fn version() -> impl Strategy<Value = Version> {
    let names = (dots::dot(), any::<u128>(), any::<u64>());
    (names, value()).prop_map(|((dot, request, stamp), value)| Version {
        dot,
        request: RequestId::new(request),
        stamp: Stamp(stamp),
        value,
    })
}

fn value() -> impl Strategy<Value = Value> {
    let bytes = prop::collection::vec(any::<u8>(), 0..40);
    let live = (bytes, prop::option::of(attributes()));
    prop_oneof![
        3 => live.prop_map(|(bytes, attributes)| Value::Live {
            bytes: Bytes::from(bytes),
            attributes: attributes.map(Box::new),
        }),
        1 => Just(Value::Tombstone),
    ]
}

fn attributes() -> impl Strategy<Value = Attributes> {
    let metadata = prop::collection::vec((".{0,4}", ".{0,4}"), 0..3);
    (".{0,8}", metadata).prop_map(|(content_type, metadata)| Attributes {
        content_type,
        metadata,
    })
}
