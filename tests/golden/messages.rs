//! Every message of the table, and every error, one file a kind.

use cartwheel::message::{Kind, TABLE, TableEntry};

use crate::examples::{self, Example, Part};
use crate::hex_file::{self, HexFile};

#[test]
fn every_message_has_its_golden_bytes() {
    for entry in TABLE {
        let comment = format!(
            "Kind {}: {} and its answer, {}.\nBodies in MessagePack; frame.hex shows what surrounds them.",
            entry.kind.0, entry.name, entry.reply
        );
        check(HexFile::new(file_name(entry), &comment), |example| {
            example.kind == entry.kind
        });
    }
}

#[test]
fn every_error_has_its_golden_bytes() {
    let comment = "RequestError: the body of a frame whose flags say error, whatever its kind.";
    let file = HexFile::new("message_errors", comment);
    check(file, |example| example.part == Part::Error);
}

fn check(mut file: HexFile, belongs: impl Fn(&Example) -> bool) {
    for example in examples::all().iter().filter(|example| belongs(example)) {
        let label = match example.part {
            Part::Request => format!("request: {}", example.label),
            Part::Reply => format!("reply: {}", example.label),
            Part::Error => example.label.to_owned(),
        };
        let recoded = (example.recode)(&example.bytes);
        assert_eq!(recoded.as_ref(), Ok(&example.bytes), "{label}");
        assert_eq!((example.is_the_same)(&example.bytes), Ok(true), "{label}");
        file = file.section(&label, &example.bytes);
    }
    file.check();
}

#[test]
fn every_kind_of_the_table_has_a_request_and_a_reply_as_examples() {
    let examples = examples::all();
    for entry in TABLE {
        for part in [Part::Request, Part::Reply] {
            let shows = |example: &Example| example.kind == entry.kind && example.part == part;
            assert!(examples.iter().any(shows), "{} has no {part:?}", entry.name);
        }
    }
}

#[test]
fn the_kinds_of_the_table_are_distinct_and_none_belongs_to_extensions() {
    assert!(TABLE.is_sorted_by(|one, next| one.kind < next.kind));
    assert!(
        TABLE
            .iter()
            .all(|entry| entry.kind < Kind::FIRST_OF_EXTENSIONS)
    );
}

/// A file without a form would promise a format that nothing checks.
#[test]
fn every_golden_file_of_a_message_belongs_to_the_table() {
    let names = TABLE.iter().map(file_name);
    let known: Vec<String> = names.chain(["message_errors".to_owned()]).collect();
    for name in hex_file::names() {
        let stray = name.starts_with("message_") && !known.contains(&name);
        assert!(
            !stray,
            "tests/golden/{name}.hex belongs to no message: remove it"
        );
    }
}

fn file_name(entry: &TableEntry) -> String {
    format!("message_{:03}_{}", entry.kind.0, entry.name)
}
