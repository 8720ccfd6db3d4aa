//! Bytes as words of the command line: keys, contexts, values.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::str::FromStr;

use base64::DecodeError;
use base64::prelude::{BASE64_STANDARD, Engine};
use bytes::Bytes;
use cartwheel_client::Context;
use serde::{Serialize, Serializer};

/// A context as base64: what a read or write answered, to be handed back.
#[derive(Clone, Debug, Default)]
pub struct ContextToken(pub Context);

/// A text that is no token.
#[derive(Debug, thiserror::Error)]
#[error("not a context as `get -o json` prints it: {0}")]
pub struct BadToken(#[from] DecodeError);

impl FromStr for ContextToken {
    type Err = BadToken;

    fn from_str(text: &str) -> Result<Self, BadToken> {
        let bytes = BASE64_STANDARD.decode(text.trim())?;
        Ok(Self(Context::from_bytes(bytes)))
    }
}

/// A context in the form that goes back in.
pub fn token(context: &Context) -> String {
    BASE64_STANDARD.encode(context.as_bytes())
}

/// The bytes of a word, as they were typed.
pub fn word(word: OsString) -> Bytes {
    word.into_vec().into()
}

/// Bytes in base64.
pub fn base64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

/// A text that is no cursor.
#[derive(Debug, thiserror::Error)]
#[error("not a cursor as `list` prints it: {0}")]
pub struct BadCursorToken(#[from] DecodeError);

/// The bytes of a cursor.
pub fn cursor(text: &str) -> Result<Bytes, BadCursorToken> {
    Ok(from_base64(text)?)
}

/// The bytes of a text in base64.
pub fn from_base64(text: &str) -> Result<Bytes, DecodeError> {
    Ok(BASE64_STANDARD.decode(text.trim())?.into())
}

/// A key in JSON: a string where it is text, else an object with its base64.
pub struct JsonKey<'a>(pub &'a [u8]);

impl Serialize for JsonKey<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(self.0) {
            Ok(text) => out.serialize_str(text),
            Err(_) => serde_json::json!({ "base64": base64(self.0) }).serialize(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_back_in_as_it_came_out() {
        let context = Context::from_bytes(vec![1, 0xff, 0, 62, 63]);
        let parsed: ContextToken = token(&context).parse().unwrap();
        assert_eq!(parsed.0, context);
        assert!("***".parse::<ContextToken>().is_err());
        let bad = cursor("abc").unwrap_err().to_string();
        assert!(bad.starts_with("not a cursor as `list` prints it"), "{bad}");
    }

    #[test]
    fn a_key_in_json_is_text_where_it_can_be() {
        let keys = [JsonKey("größe".as_bytes()), JsonKey(&[0xff])];
        let json = serde_json::to_string(&keys).unwrap();
        assert_eq!(json, r#"["größe",{"base64":"/w=="}]"#);
    }
}
