//! A `select!` without `biased;` picks its branch by a random number that no seed of ours rules,
//! so two runs of one simulation would differ.

use crate::workspace;

/// Put together, so that this file does not find itself.
const MACRO: &str = concat!("select", "!");

#[test]
fn every_select_is_biased() {
    let random: Vec<_> = workspace::sources()
        .into_iter()
        .map(|path| (random_selects(&workspace::read(&path)), path))
        .filter(|(lines, _)| !lines.is_empty())
        .collect();
    assert!(
        random.is_empty(),
        "begin these with `biased;`, they are not decided by the seed: {random:?}"
    );
}

/// The lines of all uses of the macro that don't begin with `biased;`.
fn random_selects(source: &str) -> Vec<usize> {
    let code = without_comments(source);
    code.match_indices(MACRO)
        .filter(|(start, _)| is_a_use(&code[..*start]) && !is_biased(&code[start + MACRO.len()..]))
        .map(|(start, _)| code[..start].matches('\n').count() + 1)
        .collect()
}

/// Keeps the lines, so that they can still be counted.
fn without_comments(source: &str) -> String {
    source
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default().to_owned() + "\n")
        .collect()
}

/// The name of another macro may end in the same letters.
fn is_a_use(before: &str) -> bool {
    !before.ends_with(|c: char| c.is_alphanumeric() || c == '_')
}

fn is_biased(after: &str) -> bool {
    let body = after.trim_start().trim_start_matches(['{', '(', '[']);
    body.trim_start()
        .strip_prefix("biased")
        .is_some_and(|rest| rest.trim_start().starts_with(';'))
}

#[test]
fn a_select_without_biased_is_found() {
    let source = "tokio::SELECT {\n    biased;\n    a => {}\n}\nSELECT { // biased;\n    a => {}\n}\n\
                  futures::SELECT(a => {})\nmy_SELECT { a => {} }\n// SELECT { }\n";
    let source = source.replace("SELECT", MACRO);
    assert_eq!(random_selects(&source), [5, 8]);
}
