//! A seed is a run: without that, no failure could be looked at twice.

use crate::history::Outcome;
use crate::run::run;

#[test]
fn the_same_seed_gives_the_same_trace() {
    let first = run(7);
    let acknowledged = |outcome| outcome == Outcome::Acknowledged;
    let writes = first.history.writes.iter();
    assert!(writes.filter(|write| acknowledged(write.outcome)).count() > 100);
    assert!(first.history.seen.len() > 100);
    let again = run(7);
    let differs = first
        .trace
        .iter()
        .zip(&again.trace)
        .position(|(a, b)| a != b);
    let lines = differs.map(|at| (at, &first.trace[at], &again.trace[at]));
    assert_eq!(lines, None);
    assert_eq!(first.trace, again.trace);
    assert_ne!(first.trace, run(8).trace);
}
