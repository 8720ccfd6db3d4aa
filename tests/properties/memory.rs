//! What a decoder asked the system for, seen from outside.

use std::fs;

/// What reading any small body may take; a lie about four billion elements takes gigabytes.
pub const SMALL: u64 = 256 * 1024 * 1024;

/// How many bytes the greatest size of the process has grown by meanwhile. Other tests run at
/// the same time, so only growth far above [`SMALL`] means anything. Where the system does not
/// say, nothing is known to have grown.
pub fn growth(run: impl FnOnce()) -> u64 {
    let before = peak();
    run();
    peak().saturating_sub(before)
}

/// The most address space the process ever had: what was asked for counts, touched or not.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmPeak:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

#[test]
fn memory_that_is_asked_for_is_seen() {
    let grown = growth(|| drop(std::hint::black_box(Vec::<u8>::with_capacity(1 << 29))));
    assert!(grown > SMALL || !cfg!(target_os = "linux"), "{grown}");
}
