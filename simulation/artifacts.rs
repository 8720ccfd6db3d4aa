//! The files that a failed run leaves: its history as JSON lines, and its trace.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::history::json_lines;
use crate::report::Report;

/// Writes the files of a run; answers where they are.
pub fn write(report: &Report) -> io::Result<String> {
    let folder = folder()?;
    fs::create_dir_all(&folder)?;
    let name = report
        .name
        .replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let stem = format!("{name}-seed-{}", report.seed);
    let history = folder.join(format!("{stem}.jsonl"));
    fs::write(&history, json_lines(&report.history))?;
    let trace = folder.join(format!("{stem}.trace"));
    fs::write(&trace, report.trace.join("\n") + "\n")?;
    Ok(format!("{} and {}", history.display(), trace.display()))
}

/// `simulation` in the target directory that this program was built into, or else in `target`.
fn folder() -> io::Result<PathBuf> {
    let program = std::env::current_exe()?;
    let mut above = program.ancestors().skip(1);
    let target = above.find(|folder| folder.join("CACHEDIR.TAG").is_file());
    Ok(target.unwrap_or(Path::new("target")).join("simulation"))
}
