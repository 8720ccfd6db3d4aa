//! Encoded records: what is written comes back, and nothing else is taken for a record.

use bytes::{Bytes, BytesMut};
use cartwheel::version::{Record, RecordError, Value};
use proptest::prelude::*;

use crate::damage::{damage, damaged};
use crate::{memory, records};

/// Where the checksum lies, and where what it covers begins.
const CRC: std::ops::Range<usize> = 1..5;
const DIGEST_AT: usize = 5;
/// Where the MessagePack begins.
const BODY_AT: usize = 21;

/// The bytes with their checksum put right again, as a faulty peer could send them.
fn resealed(mut bytes: BytesMut) -> Bytes {
    let checksum = crc32c::crc32c(&bytes[DIGEST_AT..]);
    bytes[CRC].copy_from_slice(&checksum.to_be_bytes());
    bytes.freeze()
}

/// A record with this body, header and checksum right.
fn with_body(body: &[u8]) -> Bytes {
    let mut bytes = BytesMut::zeroed(BODY_AT);
    bytes[0] = 1;
    bytes.extend_from_slice(body);
    resealed(bytes)
}

proptest! {
    #[test]
    fn a_record_comes_back_as_it_was(record in records::record()) {
        let bytes = record.encode();
        prop_assert_eq!(Record::decode(&bytes), Ok(record.clone()));
        prop_assert_eq!(Record::digest_of(&bytes), Ok(record.digest()));
    }

    #[test]
    fn equal_records_are_equal_bytes(one in records::record(), other in records::record()) {
        prop_assert_eq!(one == other, one.encode() == other.encode());
        let again = Record::decode(&one.encode()).unwrap();
        prop_assert_eq!(again.encode(), one.encode());
    }

    #[test]
    fn a_decoded_value_is_a_slice_of_the_bytes(record in records::record()) {
        let bytes = record.encode();
        let around = bytes.as_ptr_range();
        for version in Record::decode(&bytes).unwrap().versions() {
            if let Value::Live { bytes, .. } = &version.value && !bytes.is_empty() {
                let value = bytes.as_ptr_range();
                prop_assert!(around.start <= value.start && value.end <= around.end);
            }
        }
    }

    #[test]
    fn random_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Record::decode(&Bytes::from(bytes)).is_err());
    }

    #[test]
    fn a_random_body_behind_a_right_checksum_never_panics(
        body in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let _ = Record::decode(&with_body(&body));
    }

    #[test]
    fn damage_is_noticed_by_the_checksum(
        record in records::record(), damages in prop::collection::vec(damage(), 1..4),
    ) {
        let bytes = record.encode();
        let damaged = Bytes::from(damaged(&bytes, &damages));
        prop_assert_eq!(Record::decode(&damaged).is_ok(), damaged == bytes);
    }

    /// A faulty peer's record is refused, or is a record like any other from then on.
    #[test]
    fn damage_behind_a_right_checksum_gives_a_sound_record_or_none(
        record in records::record(), damages in prop::collection::vec(damage(), 1..4),
    ) {
        let body = damaged(&record.encode()[BODY_AT..], &damages);
        let Ok(decoded) = Record::decode(&with_body(&body)) else { return Ok(()) };
        let again = Record::decode(&decoded.encode());
        prop_assert_eq!(again.as_ref(), Ok(&decoded));
        prop_assert!(decoded.dots().all(|dot| decoded.history().contains(dot)));
        prop_assert!(decoded.dots().is_sorted_by(|one, next| one < next));
    }

    #[test]
    fn what_follows_a_record_is_not_overlooked(
        record in records::record(), rest in prop::collection::vec(any::<u8>(), 1..9),
    ) {
        let bytes = record.encode();
        let body = [&bytes[BODY_AT..], &rest[..]].concat();
        let refused = Record::decode(&with_body(&body));
        prop_assert!(matches!(refused, Err(RecordError::Malformed { .. })), "{:?}", refused);
    }

    #[test]
    fn digests_are_equal_when_the_dots_are(one in records::record(), other in records::record()) {
        let dots = |record: &Record| record.dots().collect::<Vec<_>>();
        let same = one.history() == other.history() && dots(&one) == dots(&other);
        prop_assert_eq!(one.digest() == other.digest(), same);
    }
}

/// MessagePack by hand, for what encoding never writes.
mod by_hand {
    pub const EMPTY: &[u8] = &[0x90];
    pub const ARRAY_OF_2_32: &[u8] = &[0xdd, 0xff, 0xff, 0xff, 0xff];
    pub const BIN_OF_2_32: &[u8] = &[0xc6, 0xff, 0xff, 0xff, 0xff];
    pub const STR_OF_2_32: &[u8] = &[0xdb, 0xff, 0xff, 0xff, 0xff];
    /// An array of one in an array of one.
    pub const NEST: u8 = 0x91;

    /// Counters, single dots and versions of a record.
    pub fn record(counters: &[u8], dots: &[u8], versions: &[u8]) -> Vec<u8> {
        [&[0x93], counters, dots, versions].concat()
    }

    /// One version: tag, dot (9,4), request, stamp, attributes, value.
    pub fn version(tag: u8, attributes: &[u8], value: &[u8]) -> Vec<u8> {
        let names: &[u8] = &[0x91, 0x96, tag, 0x92, 9, 4, 0xc4, 16];
        [names, &[7; 16], &[0], attributes, value].concat()
    }
}

const NIL: &[u8] = &[0xc0];
const NO_BYTES: &[u8] = &[0xc4, 0];

/// A fallback's record can hold a live dot without the dots before it.
#[test]
fn a_live_single_dot_is_written_once() {
    use by_hand::{EMPTY, record, version};
    let body = record(EMPTY, EMPTY, &version(1, NIL, NO_BYTES));
    let decoded = Record::decode(&with_body(&body)).unwrap();
    assert_eq!(
        decoded.dots().collect::<Vec<_>>(),
        decoded.history().dots().collect::<Vec<_>>()
    );
    assert_eq!(decoded.siblings(), 1);
    assert_eq!(decoded.encode()[BODY_AT..], body);
}

#[test]
fn an_unknown_tag_is_refused_with_its_number() {
    use by_hand::{EMPTY, record, version};
    let body = record(EMPTY, EMPTY, &version(3, NIL, NO_BYTES));
    let refused = Record::decode(&with_body(&body));
    assert_eq!(refused, Err(RecordError::UnknownTag { tag: 3 }));
}

/// Every place where a length is read, lying about four billion elements.
#[test]
fn lying_lengths_are_refused_without_the_memory_they_ask_for() {
    use by_hand::{ARRAY_OF_2_32, BIN_OF_2_32, EMPTY, STR_OF_2_32, record, version};
    let metadata = [&[0x92, 0xa0], ARRAY_OF_2_32].concat();
    let content_type = [&[0x92], STR_OF_2_32].concat();
    let bodies = [
        ARRAY_OF_2_32.to_vec(),
        record(ARRAY_OF_2_32, EMPTY, EMPTY),
        record(EMPTY, ARRAY_OF_2_32, EMPTY),
        record(EMPTY, EMPTY, ARRAY_OF_2_32),
        record(EMPTY, EMPTY, &version(1, &metadata, NO_BYTES)),
        record(EMPTY, EMPTY, &version(1, &content_type, NO_BYTES)),
        record(EMPTY, EMPTY, &version(1, NIL, BIN_OF_2_32)),
        record(EMPTY, EMPTY, &version(1, NIL, STR_OF_2_32)),
    ];
    for body in bodies {
        let grown = memory::growth(|| {
            let refused = Record::decode(&with_body(&body));
            assert!(
                matches!(refused, Err(RecordError::Malformed { .. })),
                "{refused:?}"
            );
        });
        assert!(grown < memory::SMALL, "{grown} bytes for {body:02x?}");
    }
}

#[test]
fn deep_nesting_is_refused_before_the_stack_ends() {
    use by_hand::{EMPTY, NEST, record, version};
    let deep = vec![NEST; 1_000_000];
    let bodies = [
        deep.clone(),
        record(&deep, EMPTY, EMPTY),
        record(EMPTY, EMPTY, &deep),
        record(EMPTY, EMPTY, &version(1, &deep, NO_BYTES)),
        record(EMPTY, EMPTY, &version(1, NIL, &deep)),
    ];
    for body in bodies {
        let refused = Record::decode(&with_body(&body));
        assert!(
            matches!(refused, Err(RecordError::Malformed { .. })),
            "{refused:?}"
        );
    }
}
