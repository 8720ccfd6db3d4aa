//! A history as JSON lines: one operation a line, in the order in which they were asked.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Serialize;

use super::{History, Outcome, Page, Read, Write};

/// One operation.
#[derive(Serialize)]
struct Line<'a> {
    client: &'a str,
    operation: &'static str,
    bucket: &'a str,
    /// Nothing of a page of a listing.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    /// The names of the values that the context handed in is known to cover.
    context: &'a BTreeSet<String>,
    /// Of a put: the name of its value.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    /// Of a put: the beginning of its value.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    /// Of what was written or found, where the last writer wins.
    #[serde(skip_serializing_if = "Option::is_none")]
    stamp: Option<u64>,
    /// Of a read: the names of what it found.
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<&'a [String]>,
    /// Of a page of a listing: what it shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<&'a [String]>,
    invoked_ms: u64,
    /// Nothing if it never ended.
    returned_ms: Option<u64>,
    outcome: &'static str,
    /// Whether it asked as many owners as its bucket does.
    strict: bool,
}

/// The lines of a history.
pub fn json_lines(history: &History) -> String {
    let writes = history.writes.iter();
    let reads = history.reads.iter();
    let pages = history.pages.iter();
    let mut lines: Vec<(u64, Line<'_>)> = writes
        .map(|write| (write.asked.number, of_write(write)))
        .chain(reads.map(|read| (read.asked.number, of_read(read))))
        .chain(pages.map(|page| (page.asked.number, of_page(page))))
        .collect();
    lines.sort_by_key(|(number, _)| *number);
    let lines = lines.iter().map(|(_, line)| line);
    // A line has nothing that JSON could not say.
    lines
        .filter_map(|line| serde_json::to_string(line).ok())
        .map(|line| line + "\n")
        .collect()
}

fn of_write(write: &Write) -> Line<'_> {
    Line {
        client: &write.client,
        operation: match write.value {
            Some(_) => "put",
            None => "delete",
        },
        bucket: &write.key.bucket,
        key: Some(&write.key.key),
        context: &write.covers,
        value: write.value.as_deref(),
        text: write.text.as_deref(),
        stamp: write.stamp.map(|stamp| stamp.0),
        values: None,
        keys: None,
        invoked_ms: ms(write.asked.at),
        returned_ms: write.ended.map(|ended| ms(ended.at)),
        outcome: match write.outcome() {
            Outcome::Acknowledged => "ok",
            Outcome::Unknown => "unknown",
            Outcome::Refused => "failed",
        },
        strict: write.strict,
    }
}

fn of_read(read: &Read) -> Line<'_> {
    let found = read.ended.as_ref().and_then(|ended| ended.with.as_deref());
    Line {
        client: &read.client,
        operation: "get",
        bucket: &read.key.bucket,
        key: Some(&read.key.key),
        context: &read.seen,
        value: None,
        text: None,
        stamp: Some(read.stamp.0).filter(|stamp| *stamp > 0),
        values: found,
        keys: None,
        invoked_ms: ms(read.asked.at),
        returned_ms: read.ended.as_ref().map(|ended| ms(ended.at)),
        outcome: match (&read.ended, found) {
            (None, _) => "unknown",
            (_, Some(_)) => "ok",
            (_, None) => "failed",
        },
        strict: read.strict,
    }
}

fn of_page(page: &Page) -> Line<'_> {
    let shown = page.shown();
    Line {
        client: &page.client,
        operation: "list",
        bucket: &page.bucket,
        key: None,
        context: const { &BTreeSet::new() },
        value: None,
        text: None,
        stamp: None,
        values: None,
        keys: shown.map(|shown| &shown.keys[..]),
        invoked_ms: ms(page.asked.at),
        returned_ms: page.ended.as_ref().map(|ended| ms(ended.at)),
        outcome: match (&page.ended, shown) {
            (None, _) => "unknown",
            (_, Some(_)) => "ok",
            (_, None) => "failed",
        },
        strict: true,
    }
}

fn ms(at: Duration) -> u64 {
    u64::try_from(at.as_millis()).unwrap_or(u64::MAX)
}
