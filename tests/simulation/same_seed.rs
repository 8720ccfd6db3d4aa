//! A seed is a run: without that, no failure could be looked at twice.

use cartwheel_simulation::history::Outcome;
use cartwheel_simulation::{BAD_DISKS, FIVE_NODES, run};

#[test]
fn the_same_seed_gives_the_same_trace() {
    for scenario in [FIVE_NODES, BAD_DISKS] {
        let first = run(scenario, 7);
        let writes = first.history.writes.iter();
        let acknowledged = writes.filter(|write| write.outcome() == Outcome::Acknowledged);
        assert!(acknowledged.count() > 100);
        let again = run(scenario, 7);
        let mut lines = first.trace.iter().zip(&again.trace).enumerate();
        assert_eq!(lines.find(|(_, (a, b))| a != b), None);
        assert_eq!(first.trace, again.trace);
        assert_ne!(first.trace, run(scenario, 8).trace);
    }
}
