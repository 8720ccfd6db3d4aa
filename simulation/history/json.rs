//! A history as JSON lines: one operation a line, in the order in which they were asked.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
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
    /// Of a page: how many keys it may show.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<u32>,
    /// Of a page: the place behind which it begins, in hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    /// Of a page: the place up to which it goes, if that is not the bucket's end.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    /// Of a page: the partitions that too few owners have answered for.
    #[serde(skip_serializing_if = "Option::is_none")]
    incomplete: Option<&'a [u16]>,
    invoked_ms: u64,
    /// Nothing if it never ended.
    returned_ms: Option<u64>,
    outcome: &'static str,
    /// Whether it asked as many owners as its bucket does.
    strict: bool,
    /// Of a write: its request id. Lines that share one are attempts of one write.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<String>,
    /// A short name of the context handed in, the same as in the line that was answered it.
    #[serde(skip_serializing_if = "Option::is_none")]
    context_in: Option<String>,
    /// A short name of the context that came back: it covers `context` and what was written or
    /// found.
    #[serde(skip_serializing_if = "Option::is_none")]
    context_out: Option<String>,
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
        request: Some(format!("{:?}", write.request)),
        bucket: &write.key.bucket,
        key: Some(&write.key.key),
        context: &write.covers,
        context_in: write.context_in.as_ref().map(ToString::to_string),
        context_out: write.context_out.as_ref().map(ToString::to_string),
        value: write.value.as_deref(),
        text: write.text.as_deref(),
        stamp: write.stamp.map(|stamp| stamp.0),
        values: None,
        keys: None,
        limit: None,
        from: None,
        until: None,
        incomplete: None,
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
        request: None,
        bucket: &read.key.bucket,
        key: Some(&read.key.key),
        context: &read.seen,
        context_in: read.context_in.as_ref().map(ToString::to_string),
        context_out: read.context_out.as_ref().map(ToString::to_string),
        value: None,
        text: None,
        stamp: Some(read.stamp.0).filter(|stamp| *stamp > 0),
        values: found,
        keys: None,
        limit: None,
        from: None,
        until: None,
        incomplete: None,
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
        request: None,
        context_in: None,
        context_out: None,
        value: None,
        text: None,
        stamp: None,
        values: None,
        keys: shown.map(|shown| &shown.keys[..]),
        limit: Some(page.limit),
        from: Some(place(&page.from)),
        until: shown.and_then(|shown| shown.until.as_ref()).map(place),
        incomplete: shown.map(|shown| &shown.incomplete[..]),
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

fn place(place: &Bytes) -> String {
    place.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn ms(at: Duration) -> u64 {
    u64::try_from(at.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use cartwheel::version::RequestId;

    use super::*;
    use crate::Simulation;

    #[test]
    fn a_line_of_the_history_tells_request_and_contexts() {
        let report = Simulation::from_seed(8)
            .client("alice", |cluster| async move {
                let cart = cluster.client().await.bucket();
                cart.put("cart", "milk")
                    .request_id(RequestId([7; 16]))
                    .await?;
                let seen = cart.get("cart").await?;
                cart.delete("cart", seen.context).await?;
                Ok(())
            })
            .run();
        let lines = json_lines(&report.history);
        let mut lines = lines.lines().map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).expect("each line is JSON");
            let of = |name: &str| {
                line.get(name)
                    .and_then(|field| field.as_str().map(str::to_owned))
            };
            (of("request"), of("context_in"), of("context_out"))
        });
        let mut next = || lines.next().expect("three operations");
        let (put, got, deleted) = (next(), next(), next());
        assert_eq!(put.0, Some("07".repeat(16)));
        assert_eq!((put.1, got.0), (None, None));
        assert!(put.2.is_some() && got.1.is_none());
        assert!(deleted.0.is_some());
        assert_eq!(got.2, deleted.1);
    }
}
