//! Golden bytes in text files: sections of hex under a comment.
//!
//! ```text
//!   # what the form is, and where it is described
//!
//!   [label]
//!   00 11 22 …      32 bytes a line
//! ```
//!
//! `make golden` writes them anew; a difference in a review is a change of format.

use std::fmt::Write;
use std::path::PathBuf;
use std::{env, fs};

/// Set to `rewrite` by `make golden`.
const VARIABLE: &str = "CARTWHEEL_GOLDEN";

/// One form, in one file.
pub struct HexFile {
    name: String,
    text: String,
}

impl HexFile {
    /// A form of this name, described by a comment of one line or more.
    pub fn new(name: impl Into<String>, comment: &str) -> Self {
        let mut text = String::new();
        for line in comment.lines() {
            text.push_str(format!("# {line}").trim_end());
            text.push('\n');
        }
        Self {
            name: name.into(),
            text,
        }
    }

    /// Adds bytes under a label.
    pub fn section(mut self, label: &str, bytes: &[u8]) -> Self {
        let _ = write!(self.text, "\n[{label}]\n");
        for line in bytes.chunks(32) {
            let hex: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
            let _ = writeln!(self.text, "{}", hex.join(" "));
        }
        self
    }

    /// Fails where the file differs, naming it and the first line that does; or writes it anew.
    pub fn check(self) {
        let path = self.path();
        if env::var(VARIABLE).is_ok_and(|value| value == "rewrite") {
            let written = fs::write(&path, &self.text);
            return written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
        let golden = fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}; {HOW}", path.display()));
        if let Some((number, golden, now)) = first_difference(&golden, &self.text) {
            let name = &self.name;
            panic!(
                "tests/golden/{name}.hex, line {number}:\n golden: {golden}\n now:    {now}\n{HOW}"
            );
        }
    }

    fn path(&self) -> PathBuf {
        folder().join(format!("{}.hex", self.name))
    }
}

/// The names of all golden files there are.
pub fn names() -> Vec<String> {
    let entries = fs::read_dir(folder()).expect("the folder of this test");
    let paths = entries.map(|entry| entry.expect("a readable entry").path());
    let hex = paths.filter(|path| path.extension().is_some_and(|extension| extension == "hex"));
    hex.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect()
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden")
}

const HOW: &str = "If the format is meant to change, run `make golden` and review the difference.";

fn first_difference<'text>(
    golden: &'text str,
    now: &'text str,
) -> Option<(usize, &'text str, &'text str)> {
    if golden == now {
        return None;
    }
    let ended = std::iter::repeat("(the end)");
    let longest = golden.lines().count().max(now.lines().count()) + 1;
    let lines = golden
        .lines()
        .chain(ended.clone())
        .zip(now.lines().chain(ended));
    let mut numbered = (1..=longest).zip(lines);
    let differing = numbered.find(|(_, (golden, now))| golden != now);
    let (number, (golden, now)) = differing.unwrap_or((longest, ("(line ends)", "(line ends)")));
    Some((number, golden, now))
}

#[test]
fn the_first_difference_is_found_with_its_line() {
    assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
    assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some((2, "b", "c")));
    assert_eq!(
        first_difference("a\n", "a\nb\n"),
        Some((2, "(the end)", "b"))
    );
    assert_eq!(first_difference("a", "a\n").map(|found| found.0), Some(2));
}
