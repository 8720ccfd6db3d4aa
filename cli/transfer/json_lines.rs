//! JSON lines: one value a line, as text where it is text, else as base64.
//!
//! ```text
//!   {"key":"cart:1001","value":"two apples"}
//!   {"key_base64":"/w==","value_base64":"AAEC","content_type":"image/png"}
//! ```
//!
//! A key with siblings has a line for each, one behind the other.

use base64::prelude::{BASE64_STANDARD, Engine};
use serde::{Deserialize, Serialize};

/// The longest line that is read: a value of the largest limit in base64, and room around it.
pub const LINE_LEN_MAX: usize = 16 * 1024 * 1024;

/// What a line looks like, for those who ask for help.
pub const HELP: &str = r#"A JSON line is one value with its key, each as text or, where it is no text, as base64:
  {"key":"cart:1001","value":"two apples"}
  {"key_base64":"/w==","value_base64":"AAEC","content_type":"image/png"}
Lines of one key behind each other are its siblings; where a key comes again later in an import,
its later lines replace its earlier ones."#;

/// One value with its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub key: Vec<u8>,
    pub value: Vec<u8>,
    pub content_type: String,
}

/// A line that is no entry.
#[derive(Debug, thiserror::Error)]
pub enum BadLine {
    #[error("not an object of key or key_base64, value or value_base64, content_type: {}", reason(.0))]
    Json(#[from] serde_json::Error),
    #[error("not an object in braces, as in {{\"key\":\"cart:1001\",\"value\":\"two apples\"}}")]
    NoObject,
    #[error("{field} is missing: give {field} as text, or {field}_base64")]
    Missing { field: &'static str },
    #[error("{field} and {field}_base64 are given: give one of them")]
    Twice { field: &'static str },
    #[error("{field}_base64 is not base64: {cause}")]
    Base64 {
        field: &'static str,
        cause: base64::DecodeError,
    },
    #[error("longer than {LINE_LEN_MAX} bytes")]
    TooLong,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Line {
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_base64: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    content_type: String,
}

impl Entry {
    /// The entry of a line.
    pub fn from_line(line: &[u8]) -> Result<Self, BadLine> {
        // A list of the fields' values would do for serde.
        if !line.trim_ascii_start().starts_with(b"{") {
            return Err(BadLine::NoObject);
        }
        let line: Line = serde_json::from_slice(line)?;
        Ok(Self {
            key: bytes("key", line.key, line.key_base64)?,
            value: bytes("value", line.value, line.value_base64)?,
            content_type: line.content_type,
        })
    }

    /// The line of an entry, its end included.
    pub fn to_line(&self) -> Result<Vec<u8>, serde_json::Error> {
        let (key, key_base64) = text(&self.key);
        let (value, value_base64) = text(&self.value);
        let content_type = self.content_type.clone();
        let mut line = serde_json::to_vec(&Line {
            key,
            key_base64,
            value,
            value_base64,
            content_type,
        })?;
        line.push(b'\n');
        Ok(line)
    }
}

fn bytes(
    field: &'static str,
    text: Option<String>,
    base64: Option<String>,
) -> Result<Vec<u8>, BadLine> {
    match (text, base64) {
        (Some(text), None) => Ok(text.into_bytes()),
        (None, Some(base64)) => {
            let decoded = BASE64_STANDARD.decode(base64);
            decoded.map_err(|cause| BadLine::Base64 { field, cause })
        }
        (None, None) => Err(BadLine::Missing { field }),
        (Some(_), Some(_)) => Err(BadLine::Twice { field }),
    }
}

/// Without its line, which is always the first: the number that counts is another one.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let line = format!(" at line {} column ", error.line());
    text.replace(&line, " at column ")
}

fn text(bytes: &[u8]) -> (Option<String>, Option<String>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (Some(text.to_owned()), None),
        Err(_) => (None, Some(BASE64_STANDARD.encode(bytes))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(key: &[u8], value: &[u8], content_type: &str) -> Entry {
        let (key, value) = (key.to_vec(), value.to_vec());
        let content_type = content_type.to_owned();
        Entry {
            key,
            value,
            content_type,
        }
    }

    #[test]
    fn entries_survive_their_lines() {
        for entry in [
            entry(b"cart:1001", b"two apples\nand a pear", ""),
            entry(&[0xff], &[0, 1, 2, 0xff], "image/png"),
            entry("größe".as_bytes(), b"", ""),
        ] {
            let line = entry.to_line().unwrap();
            assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
            assert_eq!(Entry::from_line(&line).unwrap(), entry);
        }
    }

    #[test]
    fn text_stays_readable() {
        let line = entry(b"cart:1001", b"two apples", "").to_line().unwrap();
        assert_eq!(line, b"{\"key\":\"cart:1001\",\"value\":\"two apples\"}\n");
    }

    #[test]
    fn the_lines_of_the_help_are_entries() {
        let lines = HELP.lines().filter(|line| line.starts_with("  "));
        let entries = lines.map(|line| Entry::from_line(line.as_bytes()).unwrap());
        let entries: Vec<Entry> = entries.collect();
        assert_eq!(entries[0], entry(b"cart:1001", b"two apples", ""));
        assert_eq!(entries[1], entry(&[0xff], &[0, 1, 2], "image/png"));
    }

    #[test]
    fn a_line_that_is_no_entry_says_what_is_wrong() {
        let cases = [
            (
                "{\"key\":\"a\"}",
                "value is missing: give value as text, or value_base64",
            ),
            ("{\"value\":\"a\"}", "key is missing"),
            (
                "{\"key\":\"a\",\"value\":7}",
                "not an object of key or key_base64, value or value_base64, content_type: \
                 invalid type: integer `7`, expected a string at column 20",
            ),
            (
                "{\"key\":\"a\",\"key_base64\":\"YQ==\",\"value\":\"\"}",
                "key and key_base64 are given",
            ),
            (
                "{\"key\":\"a\",\"value_base64\":\"*\"}",
                "value_base64 is not base64",
            ),
            ("{\"key\":\"a\",\"vaule\":\"b\"}", "not an object of key"),
            ("{\"key\":\"a\"", "not an object of key"),
            ("[]", "not an object in braces"),
            ("", "not an object in braces"),
        ];
        for (line, start) in cases {
            let error = Entry::from_line(line.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with(start), "{line}: {error}");
        }
    }
}
