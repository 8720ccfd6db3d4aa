//! The code of `docs/EXTENDING.md` is that of a crate in `examples/`, which is compiled and tested:
//! whoever copies it gets what works.

use crate::workspace;

/// A block of code in the page, and the file that it shows.
struct Shown {
    file: String,
    code: String,
}

#[test]
fn the_code_of_the_page_is_what_is_compiled_and_tested() {
    let shown = shown(&workspace::read("docs/EXTENDING.md"));
    let files: Vec<_> = shown.iter().map(|shown| shown.file.as_str()).collect();
    assert_eq!(
        files,
        [
            "examples/counter/src/lib.rs",
            "examples/counter/tests/simulated.rs",
            "examples/tally/src/lib.rs",
            "examples/tally/tests/simulated.rs",
            "examples/node/main.rs",
        ]
    );
    for Shown { file, code } in &shown {
        assert!(
            *code == workspace::read(file),
            "docs/EXTENDING.md shows another {file} than there is"
        );
    }
}

/// Every block of Rust, below the line that names its file.
fn shown(page: &str) -> Vec<Shown> {
    let mut shown = Vec::new();
    let mut lines = page.lines();
    let mut named = "";
    while let Some(line) = lines.next() {
        if line == "```rust" {
            let code = lines.by_ref().take_while(|line| *line != "```");
            shown.push(Shown {
                file: named.trim_matches(['`', ':']).to_owned(),
                code: code.map(|line| format!("{line}\n")).collect(),
            });
        } else if !line.is_empty() {
            named = line;
        }
    }
    shown
}

#[test]
fn a_block_is_found_with_the_file_that_it_shows() {
    let found = shown("words\n\n`a.rs`:\n\n```rust\nfn a() {}\n```\n");
    let found: Vec<_> = found
        .into_iter()
        .map(|shown| (shown.file, shown.code))
        .collect();
    assert_eq!(found, [("a.rs".to_owned(), "fn a() {}\n".to_owned())]);
}
