//! Sixteen bytes as 32 hex digits.

use serde::{Deserialize, Deserializer, de};

use crate::node::ClusterId;
use crate::version::ContextSecret;

/// The number of digits.
pub(super) const DIGITS: usize = 32;

/// The bytes, if there are exactly so many digits and nothing else.
pub(super) fn parse(text: &str) -> Option<[u8; DIGITS / 2]> {
    let digits = text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u128::from_str_radix(text, 16).ok();
    number.filter(|_| digits).map(u128::to_be_bytes)
}

pub(super) fn cluster_id<'de, D: Deserializer<'de>>(input: D) -> Result<ClusterId, D::Error> {
    let bytes = bytes(input)?;
    Ok(ClusterId(u128::from_be_bytes(bytes)))
}

pub(super) fn secret<'de, D: Deserializer<'de>>(input: D) -> Result<ContextSecret, D::Error> {
    bytes(input).map(ContextSecret::new)
}

fn bytes<'de, D: Deserializer<'de>>(input: D) -> Result<[u8; DIGITS / 2], D::Error> {
    let text = String::deserialize(input)?;
    parse(&text).ok_or_else(|| de::Error::custom("not 32 hex digits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_32_hex_digits_are_sixteen_bytes() {
        assert_eq!(parse(&"0f".repeat(16)), Some([15; 16]));
        for wrong in [
            "",
            "0f",
            "+f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f",
            "ö0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
