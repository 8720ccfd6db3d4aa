//! The record as bytes: on disk, and between nodes.
//!
//! ```text
//!   format u8 = 1 | crc32c u32 of all that follows | digest 16 bytes | MessagePack
//!
//!   [ [[origin, counter], …],           counters: all dots up to them are covered
//!     [[origin, counter], …],           single dots covered beyond the counters
//!     [[tag, origin, counter, request, stamp, attributes | nil, value], …] ]
//!                                       tag 1: a live value; tag 2: a tombstone
//! ```
//!
//! Format and tags are stored: they never change their meaning. The digest stands in front,
//! so that a replica can answer "the same" without decoding anything. A live dot is not
//! repeated among the single dots.

use bytes::{BufMut, Bytes, BytesMut};
use serde::{Deserialize, Serialize};

use super::{Attributes, Digest, Dot, Origin, Record, RequestId, Stamp, Value, Version};
use crate::messagepack::{self, Malformed};

const FORMAT: u8 = 1;
const CRC_AT: usize = 1;
const DIGEST_AT: usize = 5;
const BODY_AT: usize = 21;

const TAG_LIVE: u8 = 1;
const TAG_TOMBSTONE: u8 = 2;

#[derive(Serialize, Deserialize)]
struct StoredRecord<'body>(
    Vec<Dot>,
    Vec<Dot>,
    #[serde(borrow)] Vec<StoredVersion<'body>>,
);

#[derive(Serialize, Deserialize)]
struct StoredVersion<'body> {
    tag: u8,
    dot: (Origin, u64),
    request: RequestId,
    stamp: Stamp,
    attributes: Option<Box<Attributes>>,
    #[serde(borrow, with = "serde_bytes")]
    value: &'body [u8],
}

impl Record {
    /// The record as bytes.
    pub fn encode(&self) -> Bytes {
        let live = |dot: &Dot| self.versions.iter().any(|version| version.dot == *dot);
        let covered = self.history.covered();
        let stored = StoredRecord(
            covered
                .map(|(origin, counter)| Dot { origin, counter })
                .collect(),
            self.history.dots().filter(|dot| !live(dot)).collect(),
            self.versions.iter().map(StoredVersion::from).collect(),
        );
        let mut writer = BytesMut::with_capacity(BODY_AT + 64 + self.values_len()).writer();
        let buffer = writer.get_mut();
        buffer.put_u8(FORMAT);
        buffer.put_u32(0);
        buffer.put_slice(&self.digest().0);
        // Writing to memory can't fail, and a record is plain data; were it otherwise, the
        // checksum over what was written would still hold and decoding would refuse it.
        let _ = rmp_serde::encode::write(&mut writer, &stored);
        let mut bytes = writer.into_inner();
        let checksum = crc32c::crc32c(&bytes[DIGEST_AT..]);
        bytes[CRC_AT..DIGEST_AT].copy_from_slice(&checksum.to_be_bytes());
        bytes.freeze()
    }

    /// Reads a record; its values are slices of `bytes`.
    pub fn decode(bytes: &Bytes) -> Result<Self, RecordError> {
        Self::check(bytes)?;
        let malformed = |malformed: Malformed| RecordError::Malformed {
            len: bytes.len(),
            cause: malformed.cause,
        };
        let StoredRecord(covered, dots, versions) =
            messagepack::read(&bytes[BODY_AT..]).map_err(malformed)?;
        let mut record = Self::new();
        for Dot { origin, counter } in covered {
            record.history.cover(origin, counter);
        }
        dots.into_iter().for_each(|dot| record.history.insert(dot));
        for version in versions {
            let version = version.into_version(bytes)?;
            record.history.insert(version.dot);
            record.versions.push(version);
        }
        record.versions.sort_unstable_by_key(|version| version.dot);
        record.versions.dedup_by_key(|version| version.dot);
        Ok(record)
    }

    /// Checks format and checksum without decoding.
    pub fn check(bytes: &[u8]) -> Result<(), RecordError> {
        let len = bytes.len();
        if len < BODY_AT {
            return Err(RecordError::TooShort { len });
        }
        let format = bytes[0];
        if format != FORMAT {
            return Err(RecordError::UnknownFormat { format });
        }
        let mut field = [0; 4];
        field.copy_from_slice(&bytes[CRC_AT..DIGEST_AT]);
        let stored = u32::from_be_bytes(field);
        let computed = crc32c::crc32c(&bytes[DIGEST_AT..]);
        if stored != computed {
            return Err(RecordError::Checksum { stored, computed });
        }
        Ok(())
    }

    /// The digest of an encoded record that passed its check.
    pub fn digest_of(bytes: &[u8]) -> Result<Digest, RecordError> {
        Self::check(bytes)?;
        let mut digest = [0; 16];
        digest.copy_from_slice(&bytes[DIGEST_AT..BODY_AT]);
        Ok(Digest(digest))
    }
}

impl<'version> From<&'version Version> for StoredVersion<'version> {
    fn from(version: &'version Version) -> Self {
        let (tag, attributes, value) = match &version.value {
            Value::Live { bytes, attributes } => (TAG_LIVE, attributes.clone(), &bytes[..]),
            Value::Tombstone => (TAG_TOMBSTONE, None, &[][..]),
        };
        let Version {
            dot,
            request,
            stamp,
            ..
        } = *version;
        let dot = (dot.origin, dot.counter);
        Self {
            tag,
            dot,
            request,
            stamp,
            attributes,
            value,
        }
    }
}

impl StoredVersion<'_> {
    fn into_version(self, bytes: &Bytes) -> Result<Version, RecordError> {
        let value = match self.tag {
            TAG_LIVE => Value::Live {
                bytes: bytes.slice_ref(self.value),
                attributes: self.attributes,
            },
            TAG_TOMBSTONE => Value::Tombstone,
            tag => return Err(RecordError::UnknownTag { tag }),
        };
        let (origin, counter) = self.dot;
        let dot = Dot { origin, counter };
        let (request, stamp) = (self.request, self.stamp);
        Ok(Version {
            dot,
            request,
            stamp,
            value,
        })
    }
}

/// Bytes that are no record. They are never served nor spread.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Too few bytes for the header.
    #[error("a record has at least {BODY_AT} bytes, this one has {len}")]
    TooShort {
        /// How many there are.
        len: usize,
    },
    /// A format of another time.
    #[error("record format {format} is unknown, only {FORMAT} is known")]
    UnknownFormat {
        /// The format's number.
        format: u8,
    },
    /// Something has changed since it was written.
    #[error("checksum {stored:08x} is stored, {computed:08x} computed")]
    Checksum {
        /// The checksum in the record.
        stored: u32,
        /// The checksum of the record.
        computed: u32,
    },
    /// A kind of version of another time.
    #[error("version tag {tag} is unknown")]
    UnknownTag {
        /// The tag.
        tag: u8,
    },
    /// The checksum holds, but the body is none.
    #[error("a record of {len} bytes is malformed: {cause}")]
    Malformed {
        /// Its length.
        len: usize,
        /// What the decoder found.
        cause: String,
    },
}

#[cfg(test)]
mod tests {
    use super::super::{ConflictRule, History};
    use super::*;

    fn example() -> Record {
        let mut record = Record::new();
        let mut context = History::new();
        context.insert(Dot {
            origin: Origin(3),
            counter: 8,
        });
        record.cover(&context);
        for (origin, value) in [(Origin(7), Some("milk")), (Origin(9), None)] {
            let value = value.map_or(Value::Tombstone, |value| Value::Live {
                bytes: Bytes::from_static(value.as_bytes()),
                attributes: Some(Box::default()),
            });
            let version = Version {
                dot: Dot { origin, counter: 4 },
                request: RequestId::new(u128::from(origin.0)),
                stamp: Stamp(6),
                value,
            };
            record.write(version, ConflictRule::Siblings);
        }
        record
    }

    #[test]
    fn a_record_comes_back_with_its_digest() {
        let bytes = example().encode();
        assert_eq!(Record::decode(&bytes), Ok(example()));
        assert_eq!(Record::digest_of(&bytes), Ok(example().digest()));
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let bytes = example().encode();
        for at in 0..bytes.len() * 8 {
            let mut flipped = bytes.to_vec();
            flipped[at / 8] ^= 1 << (at % 8);
            assert!(Record::decode(&Bytes::from(flipped)).is_err(), "bit {at}");
        }
    }

    #[test]
    fn a_truncated_record_is_refused() {
        let bytes = example().encode();
        for len in 0..bytes.len() {
            assert!(Record::decode(&bytes.slice(..len)).is_err(), "{len} bytes");
        }
    }
}
