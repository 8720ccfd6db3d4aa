//! MessagePack bodies: compact arrays, decoded borrowed.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::Kind;
use crate::messagepack;

/// Encodes a body.
///
/// Our messages are plain data, which MessagePack can always express; should that ever be
/// wrong, the empty body that comes back is refused by the receiver with a typed error.
pub fn encode<T: Serialize>(message: &T) -> Bytes {
    rmp_serde::to_vec(message).map_or_else(|_| Bytes::new(), Bytes::from)
}

/// Decodes a body, to the last byte.
pub fn decode<'body, T: Deserialize<'body>>(
    kind: Kind,
    body: &'body [u8],
) -> Result<T, DecodeError> {
    messagepack::read(body).map_err(|malformed| DecodeError {
        kind,
        len: body.len(),
        cause: malformed.cause,
    })
}

/// A body that is not what its kind says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body of kind {kind}, {len} bytes, is malformed: {cause}")]
pub struct DecodeError {
    /// The kind of the frame.
    pub kind: Kind,
    /// The length of the body.
    pub len: usize,
    /// What the decoder found.
    pub cause: String,
}
