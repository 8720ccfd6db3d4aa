//! A file past the limit holds more than one concept: split it by phase or by concept.

use crate::workspace;

const LINES_MAX: usize = 500;

#[test]
fn no_source_is_longer_than_the_limit() {
    let long: Vec<_> = workspace::sources()
        .into_iter()
        .map(|path| (workspace::read(&path).lines().count(), path))
        .filter(|(lines, _)| *lines > LINES_MAX)
        .collect();
    assert!(long.is_empty(), "longer than {LINES_MAX} lines: {long:?}");
}
