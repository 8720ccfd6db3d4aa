//! The frame: what surrounds every message, between client and node and between nodes.
//!
//! ```text
//!   length u32 | version u8 | kind u16 | flags u8 | call id u64 | remaining ms u32 | body …
//!   └ counts what follows it                        all integers big-endian
//! ```
//!
//! Parsing works over bytes and knows no socket; "incomplete" is a value. The length is
//! checked against the limit before anything is allocated for it.

use bytes::{BufMut, Bytes, BytesMut};

use super::Kind;

/// The version of frame and messages; peers of another version are refused.
pub const PROTOCOL_VERSION: u8 = 1;

/// The bytes of the length itself.
pub const LENGTH_LEN: usize = 4;

/// The bytes before the body, the length included.
pub const HEADER_LEN: usize = LENGTH_LEN + 16;

/// The bits of the flags byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(pub u8);

impl Flags {
    /// A question.
    pub const REQUEST: Self = Self(0);
    /// The answer to the call id of an earlier question.
    pub const REPLY: Self = Self(1);
    /// An answer whose body is an error.
    pub const ERROR: Self = Self(1 | 2);
    /// A piece of a larger frame; more follow under the same call id.
    pub const CHUNK: Self = Self(4);
    /// The last piece of a larger frame.
    pub const LAST_CHUNK: Self = Self(4 | 8);
    /// Whether these bits together mean anything.
    fn is_known(self) -> bool {
        matches!(
            self,
            Self::REQUEST | Self::REPLY | Self::ERROR | Self::CHUNK | Self::LAST_CHUNK
        )
    }

    /// Whether this is an answer, an error or not.
    pub fn is_reply(self) -> bool {
        self.0 & Self::REPLY.0 != 0
    }

    /// Whether this is an answer whose body is an error.
    pub fn is_error(self) -> bool {
        self.0 & Self::ERROR.0 == Self::ERROR.0
    }

    /// Whether this is a piece of a larger frame.
    pub fn is_chunk(self) -> bool {
        self.0 & Self::CHUNK.0 != 0
    }

    /// Whether this is the last piece of a larger frame.
    pub fn is_last_chunk(self) -> bool {
        self.0 & Self::LAST_CHUNK.0 == Self::LAST_CHUNK.0
    }
}

/// One message on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What the body is.
    pub kind: Kind,
    /// Question, answer, error, chunk.
    pub flags: Flags,
    /// Pairs an answer with its question; zero where items carry their own operation ids.
    pub call: u64,
    /// How long the asker will still wait; zero: until the receiver's own limit.
    pub remaining_ms: u32,
    /// MessagePack.
    pub body: Bytes,
}

/// What parsing found at the front of a buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// More bytes are needed: so many in all before it makes sense to try again.
    Incomplete {
        /// The length of the buffer at which parsing can go on.
        wanted: usize,
    },
    /// A frame; its bytes were taken from the buffer.
    Frame(Frame),
}

impl Frame {
    /// Takes one frame from the front of the buffer, if a whole one is there.
    ///
    /// After an error the stream has no known state: close it.
    pub fn parse(buffer: &mut BytesMut, limit: u32) -> Result<Parsed, FrameError> {
        let Some(length) = Self::length(buffer, limit)? else {
            return Ok(Parsed::Incomplete { wanted: LENGTH_LEN });
        };
        let wanted = LENGTH_LEN + length;
        if buffer.len() < HEADER_LEN.min(wanted) {
            return Ok(Parsed::Incomplete { wanted });
        }
        Self::check_header(buffer)?;
        if buffer.len() < wanted {
            return Ok(Parsed::Incomplete { wanted });
        }
        Ok(Parsed::Frame(Self::take(buffer, wanted)))
    }

    fn length(buffer: &BytesMut, limit: u32) -> Result<Option<usize>, FrameError> {
        let Some(field) = buffer.first_chunk::<LENGTH_LEN>() else {
            return Ok(None);
        };
        let length = u32::from_be_bytes(*field);
        if length > limit {
            return Err(FrameError::TooLong { length, limit });
        }
        let length = length as usize;
        if length < HEADER_LEN - LENGTH_LEN {
            return Err(FrameError::TooShort { length });
        }
        Ok(Some(length))
    }

    fn check_header(buffer: &BytesMut) -> Result<(), FrameError> {
        let version = buffer[LENGTH_LEN];
        if version != PROTOCOL_VERSION {
            return Err(FrameError::UnknownVersion { version });
        }
        let flags = buffer[LENGTH_LEN + 3];
        if !Flags(flags).is_known() {
            return Err(FrameError::UnknownFlags { flags });
        }
        Ok(())
    }

    fn take(buffer: &mut BytesMut, wanted: usize) -> Self {
        let bytes = buffer.split_to(wanted).freeze();
        Self {
            kind: Kind(u16::from_be_bytes([bytes[5], bytes[6]])),
            flags: Flags(bytes[7]),
            call: u64::from_be_bytes(field(&bytes, 8)),
            remaining_ms: u32::from_be_bytes(field(&bytes, 16)),
            body: bytes.slice(HEADER_LEN..),
        }
    }

    /// Appends the frame to a buffer.
    pub fn encode(&self, buffer: &mut BytesMut) {
        let length = HEADER_LEN - LENGTH_LEN + self.body.len();
        buffer.reserve(LENGTH_LEN + length);
        buffer.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
        buffer.put_u8(PROTOCOL_VERSION);
        buffer.put_u16(self.kind.0);
        buffer.put_u8(self.flags.0);
        buffer.put_u64(self.call);
        buffer.put_u32(self.remaining_ms);
        buffer.put_slice(&self.body);
    }
}

fn field<const LEN: usize>(bytes: &[u8], at: usize) -> [u8; LEN] {
    let mut field = [0; LEN];
    field.copy_from_slice(&bytes[at..at + LEN]);
    field
}

/// Bytes that are no frame. The stream that carried them is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The length is over the limit.
    #[error("a frame of {length} bytes is over the limit of {limit}")]
    TooLong {
        /// The length that was announced.
        length: u32,
        /// The receiver's limit.
        limit: u32,
    },
    /// The length does not even hold a header.
    #[error("a frame of {length} bytes can't hold its header of 16")]
    TooShort {
        /// The length that was announced.
        length: usize,
    },
    /// Another version of the protocol.
    #[error("protocol version {version} is not spoken here, only {PROTOCOL_VERSION}")]
    UnknownVersion {
        /// The version that came.
        version: u8,
    },
    /// Flags without a meaning.
    #[error("flags {flags} mean nothing: a request has 0, an answer 1 or 3, a piece 4 or 12")]
    UnknownFlags {
        /// The flags that came.
        flags: u8,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Frame {
        Frame {
            kind: Kind(17),
            flags: Flags::REPLY,
            call: 42,
            remaining_ms: 1_500,
            body: Bytes::from_static(b"body"),
        }
    }

    fn encoded() -> BytesMut {
        let mut buffer = BytesMut::new();
        example().encode(&mut buffer);
        buffer
    }

    #[test]
    fn a_frame_comes_back_and_leaves_what_follows_it() {
        let mut buffer = encoded();
        buffer.put_slice(b"next");
        let parsed = Frame::parse(&mut buffer, 100);
        assert_eq!(parsed, Ok(Parsed::Frame(example())));
        assert_eq!(&buffer[..], b"next");
    }

    #[test]
    fn every_prefix_is_incomplete() {
        let whole = encoded();
        for len in 0..whole.len() {
            let mut prefix = BytesMut::from(&whole[..len]);
            let parsed = Frame::parse(&mut prefix, 100);
            assert!(matches!(parsed, Ok(Parsed::Incomplete { .. })), "{len}");
            assert_eq!(prefix.len(), len, "an incomplete frame stays in the buffer");
        }
    }

    #[test]
    fn a_long_frame_is_refused_from_its_first_four_bytes() {
        let mut buffer = BytesMut::from(&u32::MAX.to_be_bytes()[..]);
        let expected = FrameError::TooLong {
            length: u32::MAX,
            limit: 100,
        };
        assert_eq!(Frame::parse(&mut buffer, 100), Err(expected));
    }

    #[test]
    fn another_version_is_refused_before_the_body_arrives() {
        let mut buffer = BytesMut::from(&encoded()[..HEADER_LEN]);
        buffer[LENGTH_LEN] = 9;
        let expected = FrameError::UnknownVersion { version: 9 };
        assert_eq!(Frame::parse(&mut buffer, 100), Err(expected));
    }

    #[test]
    fn flags_without_a_meaning_are_refused_whatever_bits_they_have() {
        for flags in 0..=u8::MAX {
            let mut buffer = encoded();
            buffer[LENGTH_LEN + 3] = flags;
            let refused = Frame::parse(&mut buffer, 100).err();
            let known = [0, 1, 3, 4, 12].contains(&flags);
            let expected = (!known).then_some(FrameError::UnknownFlags { flags });
            assert_eq!(refused, expected);
        }
    }

    #[test]
    fn a_short_length_is_refused() {
        let mut short = BytesMut::from(&3_u32.to_be_bytes()[..]);
        let expected = FrameError::TooShort { length: 3 };
        assert_eq!(Frame::parse(&mut short, 100), Err(expected));
    }
}
