//! What a command prints: a table for people, or JSON for scripts, and nothing of one in the
//! other.

use std::io::{self, Write};

use cartwheel::bucket::BucketDurability;
use cartwheel::version::ConflictRule;
use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table, TableStyle};
use serde::Serialize;

use crate::failure::Failure;

/// The form of what is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// For scripts: one JSON value, on one line.
    Json,
}

/// Prints a report in the form asked for; a table by default.
pub fn show<T: Serialize>(
    format: Option<Format>,
    report: &T,
    as_table: impl FnOnce(&T) -> String,
) -> Result<(), Failure> {
    match format {
        Some(Format::Json) => json(report),
        _ => line(&as_table(report)),
    }
}

/// Prints one JSON value on a line of its own.
pub fn json<T: Serialize>(value: &T) -> Result<(), Failure> {
    let text = serde_json::to_string(value).map_err(io::Error::from)?;
    line(&text)
}

/// Prints a line.
pub fn line(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.trim_end().as_bytes())?;
    Ok(out.write_all(b"\n")?)
}

/// Prints bytes as they are.
pub fn raw(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    Ok(out.flush()?)
}

/// A note beside the output, where it does not get into a script's way.
pub fn note(text: &str) {
    // There is nobody to tell if this fails.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Columns by space alone, as other tools print them: lines would only be in the way of grep.
const STYLE: TableStyle = TableStyle::new();

/// A table with these headings.
pub fn table(headings: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(headings);
    table
}

/// What an acknowledgement of a bucket promises, in the words of its policy.
pub fn durability(durability: BucketDurability) -> &'static str {
    match durability {
        BucketDurability::Synced => "synced",
        BucketDurability::Buffered => "buffered",
    }
}

/// What becomes of concurrent values in a bucket, in the words of its policy.
pub fn conflict(rule: ConflictRule) -> String {
    format!("{rule:?}").to_lowercase()
}

/// Bytes for a person to read: as text where they are, else with escapes.
pub fn readable(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains(|found: char| found.is_control() || found == '\\') => {
            text.to_owned()
        }
        _ => bytes.escape_ascii().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_are_escaped() {
        assert_eq!(readable("größe".as_bytes()), "größe");
        assert_eq!(readable(b"a\nb"), "a\\nb");
        assert_eq!(readable(&[0xff, 0x00]), "\\xff\\x00");
        assert_eq!(
            readable(br"\xff"),
            r"\\xff",
            "told from the byte by the same name"
        );
    }
}
