//! What a child asks of the kernel, as `strace` saw it.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::child;

/// A call that has returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its name: `write`, `fdatasync`, …
    pub name: String,
    /// The file it was about.
    pub file: String,
    /// What it answered, `0` or `-1 EIO (Input/output error) (INJECTED)` for example.
    pub answer: String,
}

/// Whether there is an `strace` that may trace; the tests that need one say so if not.
pub fn is_here() -> bool {
    let mut command = Command::new("strace");
    command.args(["-o", "/dev/null", "true"]);
    let status = command.stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Runs a child under `strace`, which must succeed, and gives its calls in the order in
/// which they returned. Each call is about a file, so it begins `name(number<path>`.
pub fn calls(options: &[&str], test: &str, directory: &Path) -> Vec<Call> {
    let trace = directory.join("trace");
    let output = trace.to_str().unwrap();
    let behind = [&["strace", "-f", "-y", "-s", "0", "-o", output], options].concat();
    let ran = child::command(&behind, test, directory).output().unwrap();
    let printed = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{test}: {printed}");
    parse(&fs::read_to_string(trace).unwrap())
}

fn parse(trace: &str) -> Vec<Call> {
    let mut begun = HashMap::<&str, &str>::new();
    let mut calls = Vec::new();
    for line in trace.lines() {
        let Some((thread, text)) = line.split_once(' ') else {
            continue;
        };
        let text = text.trim_start();
        if let Some(beginning) = text.strip_suffix(" <unfinished ...>") {
            begun.insert(thread, beginning);
        } else if text.starts_with("<... ") {
            let beginning = begun.remove(thread).unwrap_or_default();
            calls.extend(call(beginning, text));
        } else {
            calls.extend(call(text, text));
        }
    }
    calls
}

fn call(beginning: &str, end: &str) -> Option<Call> {
    let (name, arguments) = beginning.split_once('(')?;
    let (_, file) = arguments.split_once('<')?;
    let (file, _) = file.split_once('>')?;
    let (_, answer) = end.rsplit_once(" = ")?;
    Some(Call {
        name: name.to_owned(),
        file: file.to_owned(),
        answer: answer.to_owned(),
    })
}

#[test]
fn a_call_counts_when_it_has_returned() {
    let trace = "\
11 write(9</s/000004.log>, \"\"..., 51) = 51
11 fdatasync(9</s/000004.log> <unfinished ...>
12 write(3</s/LOG>, \"\"..., 7)    = 7
11 <... fdatasync resumed>)          = -1 EIO (Input/output error) (INJECTED)
11 +++ exited with 0 +++
";
    let calls: Vec<_> = parse(trace)
        .into_iter()
        .map(|call| [call.name, call.file, call.answer])
        .collect();
    let expected = [
        ["write", "/s/000004.log", "51"],
        ["write", "/s/LOG", "7"],
        [
            "fdatasync",
            "/s/000004.log",
            "-1 EIO (Input/output error) (INJECTED)",
        ],
    ];
    assert_eq!(calls, expected);
}
