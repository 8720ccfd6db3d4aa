//! Tests that run as a process of their own, so that it can be killed, traced and fenced in.
//!
//! The child is a test of this same binary. Run as any other test it has no directory and
//! does nothing.

use std::env;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

const DIRECTORY: &str = "CARTWHEEL_CHILD_DIRECTORY";

/// The directory that the parent gave to this process, if it has one.
pub fn directory() -> Option<PathBuf> {
    env::var_os(DIRECTORY).map(PathBuf::from)
}

/// The command line of a test as a child.
pub fn words(test: &str) -> Vec<String> {
    let this = env::current_exe().unwrap().into_os_string();
    let this = this.into_string().unwrap();
    [&this, test, "--exact", "--nocapture"]
        .map(str::to_owned)
        .into()
}

/// A child that works in the directory, behind what it is to be run by: `strace` or so.
pub fn command(behind: &[&str], test: &str, directory: &Path) -> Command {
    let behind = behind.iter().map(|word| (*word).to_owned());
    let words: Vec<_> = behind.chain(words(test)).collect();
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).env(DIRECTORY, directory);
    command
}

/// Says that a test proves nothing here. Written past the capture: it is seen in every run.
pub fn skip(test: &str, why: &str) {
    let line = format!("SKIPPED {test}: {why}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}
