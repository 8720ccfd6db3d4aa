//! Where a listing is.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::message::Message;
use crate::message::client::{List, RequestError};

/// A partition, and the stored key that the listing is behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) partition: u16,
    pub(super) after: Bytes,
}

impl Cursor {
    pub(super) fn parse(bytes: &Bytes) -> Result<Self, RequestError> {
        let mut bytes = bytes.clone();
        match bytes.len() {
            0 => Ok(Self::default()),
            1 => Err(RequestError::Malformed {
                kind: List::KIND.0,
                cause: "a cursor has at least 2 bytes, this one has 1".to_owned(),
            }),
            _ => Ok(Self {
                partition: bytes.get_u16(),
                after: bytes,
            }),
        }
    }

    pub(super) fn encode(&self) -> Bytes {
        let mut bytes = BytesMut::with_capacity(2 + self.after.len());
        bytes.put_u16(self.partition);
        bytes.put_slice(&self.after);
        bytes.freeze()
    }

    /// Moves behind a key, or behind the partition; false behind the last there can be.
    pub(super) fn advance(&mut self, through: Bytes) -> bool {
        if !through.is_empty() {
            self.after = through;
            return true;
        }
        self.after = Bytes::new();
        match self.partition.checked_add(1) {
            Some(next) => {
                self.partition = next;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_left() {
        for (partition, after) in [(0, &b""[..]), (513, b"key"), (u16::MAX, b"\0")] {
            let after = Bytes::from_static(after);
            let cursor = Cursor { partition, after };
            assert_eq!(Cursor::parse(&cursor.encode()), Ok(cursor));
        }
        assert_eq!(Cursor::parse(&Bytes::new()), Ok(Cursor::default()));
        assert!(Cursor::parse(&Bytes::from_static(b"x")).is_err());
    }

    #[test]
    fn a_cursor_moves_within_its_partition_and_then_to_the_next() {
        let mut cursor = Cursor::default();
        assert!(cursor.advance(Bytes::from_static(b"key")));
        assert_eq!((cursor.partition, &cursor.after[..]), (0, &b"key"[..]));
        assert!(cursor.advance(Bytes::new()));
        assert_eq!((cursor.partition, &cursor.after[..]), (1, &b""[..]));
        cursor.partition = u16::MAX;
        assert!(!cursor.advance(Bytes::new()));
    }
}
