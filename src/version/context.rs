//! What a client has seen, sealed so that it can't be forged or used for another key (rule 2).
//!
//! ```text
//!   format u8 = 1 | SipHash-2-4 128-bit seal | MessagePack [ counters, dots, stamp ]
//! ```
//!
//! The seal is keyed with the cluster's secret and covers bucket id, key and entries.

use std::fmt;
use std::hash::Hasher;

use bytes::{BufMut, Bytes, BytesMut};
use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher24};

use super::{Dot, History, Stamp};
use crate::key::BucketId;
use crate::limits::CONTEXT_LEN_MAX;
use crate::messagepack;
use crate::planted_bug::{self, PlantedBug};

const FORMAT: u8 = 1;
const BODY_AT: usize = 17;

/// The dots a client has seen, and the greatest stamp among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// The dots.
    pub history: History,
    /// The stamp.
    pub stamp: Stamp,
}

#[derive(Serialize, Deserialize)]
struct SealedContext(Vec<Dot>, Vec<Dot>, Stamp);

/// The cluster's secret, with which contexts are sealed. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct ContextSecret([u8; 16]);

impl ContextSecret {
    /// The secret of these bytes.
    pub fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    fn seal(&self, bucket: BucketId, key: &[u8], body: &[u8]) -> [u8; 16] {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        hasher.write(&bucket.0.to_be_bytes());
        if !planted_bug::is(PlantedBug::ContextOfAnotherKey) {
            hasher.write(&(key.len() as u64).to_be_bytes());
            hasher.write(key);
        }
        hasher.write(body);
        hasher.finish128().as_bytes()
    }
}

impl fmt::Debug for ContextSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("ContextSecret(…)")
    }
}

impl Context {
    /// Seals the context for a key.
    pub fn seal(&self, secret: &ContextSecret, bucket: BucketId, key: &[u8]) -> Bytes {
        let covered = self.history.covered();
        let sealed = SealedContext(
            covered
                .map(|(origin, counter)| Dot { origin, counter })
                .collect(),
            self.history.dots().collect(),
            self.stamp,
        );
        let mut writer = BytesMut::with_capacity(64).writer();
        writer.get_mut().put_bytes(FORMAT, BODY_AT);
        // Writing to memory can't fail, and a context is plain data.
        let _ = rmp_serde::encode::write(&mut writer, &sealed);
        let mut bytes = writer.into_inner();
        let seal = secret.seal(bucket, key, &bytes[BODY_AT..]);
        bytes[1..BODY_AT].copy_from_slice(&seal);
        bytes.freeze()
    }

    /// Opens a sealed context; empty bytes are the empty context.
    pub fn open(
        bytes: &[u8],
        secret: &ContextSecret,
        bucket: BucketId,
        key: &[u8],
    ) -> Result<Self, ContextError> {
        let len = bytes.len();
        match len {
            0 => return Ok(Self::default()),
            1..BODY_AT => return Err(ContextError::TooShort { len: len as u64 }),
            BODY_AT..=CONTEXT_LEN_MAX => {}
            _ => return Err(ContextError::too_long(len)),
        }
        if bytes[0] != FORMAT {
            return Err(ContextError::UnknownFormat { format: bytes[0] });
        }
        if secret.seal(bucket, key, &bytes[BODY_AT..]) != bytes[1..BODY_AT] {
            return Err(ContextError::Seal);
        }
        Self::parse(&bytes[BODY_AT..])
    }

    fn parse(body: &[u8]) -> Result<Self, ContextError> {
        let SealedContext(covered, dots, stamp) =
            messagepack::read(body).map_err(|_| ContextError::Seal)?;
        let mut history = History::new();
        for Dot { origin, counter } in covered {
            history.cover(origin, counter);
        }
        dots.into_iter().for_each(|dot| history.insert(dot));
        Ok(Self { history, stamp })
    }

    /// Whether the client has seen nothing.
    pub fn is_empty(&self) -> bool {
        self.history.is_empty()
    }
}

/// A context that this cluster did not make for this key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ContextError {
    /// Too few bytes for a seal.
    #[error("a context has at least {BODY_AT} bytes, this one has {len}")]
    TooShort {
        /// How many there are.
        len: u64,
    },
    /// More bytes than a context may have.
    #[error("a context of {len} bytes is over the limit of {limit}")]
    TooLong {
        /// How many there are.
        len: u64,
        /// How many there may be.
        limit: u64,
    },
    /// A format of another time.
    #[error("context format {format} is unknown")]
    UnknownFormat {
        /// The format's number.
        format: u8,
    },
    /// The seal is not ours, or is another key's.
    #[error("its seal is not this cluster's for this key")]
    Seal,
    /// It claims dots that the coordinator has not minted.
    #[error("it claims dot {claimed} of an origin that is at {minted}")]
    Ahead {
        /// The counter in the context.
        claimed: u64,
        /// The origin's counter.
        minted: u64,
    },
}

impl ContextError {
    fn too_long(len: usize) -> Self {
        Self::TooLong {
            len: len as u64,
            limit: CONTEXT_LEN_MAX as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Origin;
    use super::*;

    const BUCKET: BucketId = BucketId(4);

    fn secret() -> ContextSecret {
        ContextSecret::new([7; 16])
    }

    fn example() -> Context {
        let mut context = Context::default();
        context.history.cover(Origin(9), 5);
        context.history.insert(Dot {
            origin: Origin(2),
            counter: 8,
        });
        context.stamp = Stamp(3);
        context
    }

    fn open(bytes: &[u8], key: &[u8]) -> Result<Context, ContextError> {
        Context::open(bytes, &secret(), BUCKET, key)
    }

    #[test]
    fn a_context_comes_back_for_its_own_key_only() {
        let sealed = example().seal(&secret(), BUCKET, b"cart");
        assert_eq!(open(&sealed, b"cart"), Ok(example()));
        assert_eq!(open(&sealed, b"other"), Err(ContextError::Seal));
        let foreign = Context::open(&sealed, &secret(), BucketId(5), b"cart");
        assert_eq!(foreign, Err(ContextError::Seal));
        let stranger = ContextSecret::new([8; 16]);
        let forged = Context::open(&sealed, &stranger, BUCKET, b"cart");
        assert_eq!(forged, Err(ContextError::Seal));
    }

    #[test]
    fn every_flipped_bit_is_refused() {
        let sealed = example().seal(&secret(), BUCKET, b"cart");
        for at in 0..sealed.len() * 8 {
            let mut flipped = sealed.to_vec();
            flipped[at / 8] ^= 1 << (at % 8);
            assert!(open(&flipped, b"cart").is_err(), "bit {at}");
        }
    }

    #[test]
    fn no_bytes_are_the_empty_context_and_too_many_are_refused() {
        assert_eq!(open(b"", b"cart"), Ok(Context::default()));
        let long = vec![1; CONTEXT_LEN_MAX + 1];
        assert_eq!(
            open(&long, b"cart"),
            Err(ContextError::too_long(long.len()))
        );
        assert_eq!(
            open(&[1; 16], b"cart"),
            Err(ContextError::TooShort { len: 16 })
        );
    }
}
