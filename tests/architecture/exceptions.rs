//! What clippy bans, somebody must do: one place reads the clock, one asks for random numbers, one
//! sends past a mailbox's bound. Those places stand in this list, so that a second one is a decision.

use std::collections::BTreeSet;

use crate::workspace;

/// Each with the sentence why.
const EXCEPTIONS: [(&str, &str); 4] = [
    ("actors/mailbox.rs", "the unbounded sends, behind credits"),
    ("actors/shell/clock.rs", "the real Clock"),
    ("actors/shell/entropy.rs", "the real Entropy"),
    ("src/lookup.rs", "the hash map that nothing can walk"),
];

/// The lints that nobody lifts in passing; `unwrap_used` is lifted in tests by whole folders.
const HELD: [&str; 4] = [
    "disallowed_macros",
    "disallowed_methods",
    "disallowed_types",
    "too_many_lines",
];

#[test]
fn only_the_listed_files_lift_a_ban() {
    let listed: BTreeSet<_> = EXCEPTIONS
        .iter()
        .map(|(path, _)| (*path).to_owned())
        .collect();
    let lifting: BTreeSet<_> = workspace::sources()
        .into_iter()
        .filter(|path| lifts_a_ban(&workspace::read(path)))
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    let unlisted: Vec<_> = lifting.difference(&listed).collect();
    assert!(
        unlisted.is_empty(),
        "not in the list of tests/architecture: {unlisted:?}"
    );
    let idle: Vec<_> = listed.difference(&lifting).collect();
    assert!(
        idle.is_empty(),
        "in the list, but they lift nothing: {idle:?}"
    );
}

fn lifts_a_ban(source: &str) -> bool {
    let attributes = source.replace("#![", "#[");
    attributes
        .split("#[")
        .skip(1)
        .filter_map(|rest| rest.split(']').next())
        .filter(|attribute| attribute.contains("allow(") || attribute.contains("expect("))
        .any(names_a_held_lint)
}

fn names_a_held_lint(attribute: &str) -> bool {
    HELD.iter()
        .any(|lint| attribute.contains(&format!("clippy::{lint}")))
}

#[test]
fn a_lifted_ban_is_found_in_every_spelling() {
    let lint = format!("clippy::{}", HELD[1]);
    for attribute in [
        "allow({})",
        "expect(\n    dead_code,\n    {},\n)",
        "cfg_attr(test, allow({}))",
    ] {
        let attribute = attribute.replace("{}", &lint);
        assert!(
            lifts_a_ban(&format!("//! x\n#[{attribute}]\nfn f() {{}}")),
            "#[{attribute}]"
        );
        assert!(
            lifts_a_ban(&format!("//! x\n#![{attribute}]\nfn f() {{}}")),
            "#![{attribute}]"
        );
    }
    assert!(!lifts_a_ban(&format!(
        "// {lint}\n#[allow(dead_code)]\nfn f() {{}}"
    )));
}
