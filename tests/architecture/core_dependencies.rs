//! The core decides and does nothing else; its dependency list is the proof.
//! A crate that does IO, tells the time, draws random numbers or starts threads has no place here.

use std::collections::BTreeSet;

use crate::workspace;

/// Each with the sentence why it may be there.
const ALLOWED: [(&str, &str); 9] = [
    (
        "bytes",
        "values travel from frame to store as slices of one buffer",
    ),
    ("crc32c", "the checksum of a stored record, a pure function"),
    (
        "rmp-serde",
        "message bodies are MessagePack, to and from bytes in memory",
    ),
    ("serde", "messages and configuration derive their encoding"),
    (
        "serde_bytes",
        "byte strings in MessagePack without seven times the cost",
    ),
    (
        "siphasher",
        "the keyed hash that seals contexts; the key is an argument",
    ),
    (
        "thiserror",
        "error types with numbers, at compile time only",
    ),
    (
        "toml",
        "parses the text of the configuration; reading the file is the shell's",
    ),
    (
        "xxhash-rust",
        "placement and record digests, pure functions",
    ),
];

#[test]
fn the_core_depends_on_nothing_outside_its_list() {
    let allowed: BTreeSet<_> = ALLOWED.iter().map(|(name, _)| (*name).to_owned()).collect();
    let actual = dependencies(&workspace::manifest("."));
    let strangers: Vec<_> = actual.difference(&allowed).collect();
    assert!(
        strangers.is_empty(),
        "not in the list of tests/architecture: {strangers:?}"
    );
}

/// So that the list above says what is, and not what once was.
#[test]
fn every_dependency_in_the_list_is_used_by_the_core() {
    let actual = dependencies(&workspace::manifest("."));
    let gone: Vec<_> = ALLOWED
        .iter()
        .filter(|(name, _)| !actual.contains(*name))
        .collect();
    assert!(
        gone.is_empty(),
        "in the list but not in Cargo.toml: {gone:?}"
    );
}

/// What a manifest builds with, build scripts and per-target tables included; tests may use more.
fn dependencies(manifest: &toml::Table) -> BTreeSet<String> {
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    let per_target = targets.into_iter().flat_map(|targets| targets.values());
    let tables = per_target
        .filter_map(toml::Value::as_table)
        .chain([manifest]);
    tables.flat_map(of_one_table).collect()
}

fn of_one_table(table: &toml::Table) -> Vec<String> {
    ["dependencies", "build-dependencies"]
        .iter()
        .filter_map(|section| table.get(*section)?.as_table())
        .flat_map(|section| section.keys().cloned())
        .collect()
}

#[test]
fn a_dependency_of_one_target_or_of_a_build_script_is_seen() {
    let manifest = "[dependencies]\na = '1'\n[build-dependencies]\nb = '1'\n\
                    [target.'cfg(unix)'.dependencies]\nc = '1'\n[dev-dependencies]\nd = '1'";
    let found = dependencies(&manifest.parse().unwrap());
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["a", "b", "c"]);
}
