//! Every dependency says in the root manifest why it is there.
//!
//! A comment holds for the entry below it and for those that follow and share a word with their
//! predecessor: `tokio` and `tokio-util` need one sentence, `tokio` and `toml` need two.

use crate::workspace;

#[test]
fn every_dependency_says_why_it_is_there() {
    let silent = entries_without_reason(&workspace::read("Cargo.toml"));
    assert!(
        silent.is_empty(),
        "no comment above these in [workspace.dependencies]: {silent:?}"
    );
}

fn entries_without_reason(manifest: &str) -> Vec<String> {
    let section = manifest
        .lines()
        .skip_while(|line| *line != "[workspace.dependencies]")
        .skip(1);
    let section: Vec<_> = section.take_while(|line| !line.starts_with('[')).collect();
    assert!(!section.is_empty(), "the section is missing");
    section
        .iter()
        .enumerate()
        .filter_map(|(index, line)| Some((index, entry_name(line)?)))
        .filter(|(index, name)| !has_reason(name, index.checked_sub(1).map(|above| section[above])))
        .map(|(_, name)| name.to_owned())
        .collect()
}

fn has_reason(name: &str, above: Option<&str>) -> bool {
    let Some(above) = above else { return false };
    above.starts_with("# ") || entry_name(above).is_some_and(|above| share_a_word(name, above))
}

/// The name that a line of the section declares.
fn entry_name(line: &str) -> Option<&str> {
    let (name, _) = line.split_once('=')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    Some(name.trim()).filter(|name| !name.is_empty() && name.chars().all(plain))
}

fn share_a_word(one: &str, other: &str) -> bool {
    one.split(['-', '_'])
        .any(|word| other.split(['-', '_']).any(|other| word == other))
}

#[test]
fn a_dependency_without_a_comment_is_found() {
    let manifest = "[workspace.dependencies]\nbare = '1'\n# Why.\ntokio = '1'\ntokio-util = '1'\n\
                    toml = { version = '1' }\n\nrand = '1'\n# Why.\nserde = '1'\n[profile.dev]\nx = 1\n";
    assert_eq!(entries_without_reason(manifest), ["bare", "toml", "rand"]);
}
