//! The tables of the page against those of the code: kinds, errors, limits, hashes.

use cartwheel::key::{BucketId, KeyHash};
use cartwheel::limits::{
    ANSWER_FRAME_LEN_MAX, ANSWER_VALUES_LEN_MAX, ATTRIBUTES_LEN_MAX, BATCH_ITEMS_MAX,
    BUCKET_NAME_LEN_MAX, BUCKETS_MAX, CLIENT_FRAME_LEN_MAX, CONNECTIONS_MAX, CONTEXT_LEN_MAX,
    HELLO_FRAME_LEN_MAX, KEY_LEN_CEILING, KEY_LEN_MAX, LIST_LIMIT_MAX, N_MAX, RECORD_LEN_MAX,
    SESSION_BYTES_MAX, SESSION_REQUESTS_MAX, SIBLINGS_CEILING, SIBLINGS_MAX, VALUE_LEN_CEILING,
    VALUE_LEN_MAX,
};
use cartwheel::message::client::RequestError;
use cartwheel::message::{Kind, TABLE, decode};

use super::document::Document;
use super::types::{FIRST_OF_NODES, written};
use crate::examples::{self, Part};

#[test]
fn the_kinds_are_those_of_the_table_of_messages() {
    let rows = Document::read().table("kind");
    let known = TABLE.iter().map(|entry| {
        let clients = match entry.kind {
            Kind(1) => "clients, nodes",
            kind if kind < FIRST_OF_NODES => "clients",
            _ => "nodes",
        };
        let kind = entry.kind.0.to_string();
        [
            kind,
            entry.name.to_owned(),
            written(entry.reply),
            clients.to_owned(),
        ]
        .to_vec()
    });
    assert_eq!(rows, known.collect::<Vec<_>>(), "left: page, right: code");
}

#[test]
fn errors_may_be_retried_and_leave_doubts_as_the_code_says() {
    let document = Document::read();
    let sections = document.sections();
    let errors = sections
        .iter()
        .find(|(heading, _)| heading.starts_with("`RequestError`"));
    let (_, lines) = errors.expect("the section of errors");
    let rows = super::document::table(lines, "variant").expect("a table");
    let yes_or_no = |yes| if yes { "yes" } else { "no" };
    let examples = examples::all();
    let errors = examples
        .iter()
        .filter(|example| example.part == Part::Error);
    for example in errors {
        let error: RequestError = decode(Kind(0), &example.bytes).expect("an error");
        let row = rows.iter().find(|row| row[0] == example.label);
        let row = row.unwrap_or_else(|| panic!("{} is not described", example.label));
        let (retry, open) = (error.is_worth_a_retry(), error.leaves_the_outcome_open());
        let expected = [yes_or_no(retry), yes_or_no(open)];
        assert_eq!(row[2..4], expected, "{}: retry, open", example.label);
        assert!(!row[4].is_empty(), "{}: what to do", example.label);
    }
}

macro_rules! limits {
    ($($name:ident),* $(,)?) => {
        vec![$(vec![stringify!($name).to_owned(), $name.to_string()]),*]
    };
}

#[test]
fn the_limits_are_those_of_the_code() {
    let rows = Document::read().table("limit");
    let rows: Vec<Vec<String>> = rows.into_iter().map(|row| row[..2].to_vec()).collect();
    let known = limits![
        HELLO_FRAME_LEN_MAX,
        CLIENT_FRAME_LEN_MAX,
        ANSWER_FRAME_LEN_MAX,
        ANSWER_VALUES_LEN_MAX,
        KEY_LEN_MAX,
        KEY_LEN_CEILING,
        VALUE_LEN_MAX,
        VALUE_LEN_CEILING,
        ATTRIBUTES_LEN_MAX,
        CONTEXT_LEN_MAX,
        SIBLINGS_MAX,
        SIBLINGS_CEILING,
        RECORD_LEN_MAX,
        BATCH_ITEMS_MAX,
        LIST_LIMIT_MAX,
        BUCKET_NAME_LEN_MAX,
        N_MAX,
        BUCKETS_MAX,
        SESSION_REQUESTS_MAX,
        SESSION_BYTES_MAX,
        CONNECTIONS_MAX,
    ];
    assert_eq!(rows, known, "left: page, right: code");
}

#[test]
fn the_published_hashes_are_the_code_s() {
    let rows = Document::read().table("bucket id");
    assert_eq!(rows.len(), 3);
    for row in rows {
        let bucket = BucketId(row[0].parse().expect("a number"));
        let hash = KeyHash::of(bucket, row[1].as_bytes());
        assert_eq!(row[2], format!("{:#018x}", hash.0), "{row:?}");
        assert_eq!(row[3], hash.partition(8).0.to_string(), "{row:?}");
    }
}
