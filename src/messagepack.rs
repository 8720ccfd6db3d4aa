//! MessagePack read strictly: nesting is limited, and nothing may follow the value.

use serde::{Deserialize, de::Error as _};

/// How deep a body may nest: batches of items with options and metadata need six, and one that
/// nests far more is an attack on the stack.
const DEPTH_MAX: usize = 16;

/// How much of a decoder's words is kept: they quote what came, which may be megabytes.
const CAUSE_LEN_MAX: usize = 200;

/// Reads one value; its slices are slices of the body.
pub(crate) fn read<'body, T: Deserialize<'body>>(body: &'body [u8]) -> Result<T, Malformed> {
    let mut reader = rmp_serde::Deserializer::from_read_ref(body);
    reader.set_max_depth(DEPTH_MAX);
    let value = T::deserialize(&mut reader)?;
    // The reader does not tell where it stands; at the end there is no marker left to read.
    match bool::deserialize(&mut reader) {
        Err(rmp_serde::decode::Error::InvalidMarkerRead(_)) => Ok(value),
        _ => Err(rmp_serde::decode::Error::custom("bytes follow the value"))?,
    }
}

/// Bytes that are not the MessagePack that was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Malformed {
    /// What the decoder found.
    pub(crate) cause: String,
}

impl From<rmp_serde::decode::Error> for Malformed {
    fn from(error: rmp_serde::decode::Error) -> Self {
        let mut cause = error.to_string();
        cause.truncate(cause.floor_char_boundary(CAUSE_LEN_MAX));
        Self { cause }
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;

    fn refused<T: for<'body> Deserialize<'body>>(body: &[u8]) -> Option<String> {
        read::<T>(body).err().map(|malformed| malformed.cause)
    }

    #[test]
    fn what_follows_the_value_is_refused() {
        assert_eq!(read::<u8>(&[7]), Ok(7));
        for rest in [0x07, 0xc0, 0xc3, 0xdd] {
            assert_eq!(refused::<u8>(&[7, rest]).unwrap(), "bytes follow the value");
        }
        assert_eq!(
            refused::<()>(&[0xc0, 0xc0]).unwrap(),
            "bytes follow the value"
        );
    }

    #[test]
    fn deep_nesting_is_refused() {
        let body = vec![0x91; 1_000_000];
        let cause = refused::<serde::de::IgnoredAny>(&body).unwrap();
        assert_eq!(cause, "depth limit exceeded");
    }

    #[test]
    fn the_cause_does_not_repeat_megabytes() {
        #[derive(Debug, Serialize, Deserialize)]
        enum Choice {
            One,
        }
        let long = rmp_serde::to_vec(&"é".repeat(1_000_000)).unwrap();
        assert!(refused::<Choice>(&long).unwrap().len() <= CAUSE_LEN_MAX);
    }
}
