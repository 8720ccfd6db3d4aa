//! A seed is a run: without that, no failure could be looked at twice.

use cartwheel_simulation::campaign::{BAD_DISKS, FIVE_NODES};
use cartwheel_simulation::history::Outcome;

#[test]
fn the_same_seed_gives_the_same_trace() {
    for kind in [FIVE_NODES, BAD_DISKS] {
        let first = kind.simulation(7).run();
        let writes = first.history.writes.iter();
        let acknowledged = writes.filter(|write| write.outcome() == Outcome::Acknowledged);
        assert!(acknowledged.count() > 100);
        let again = kind.simulation(7).run();
        let mut lines = first.trace.iter().zip(&again.trace).enumerate();
        assert_eq!(lines.find(|(_, (a, b))| a != b), None);
        assert_eq!(first.trace, again.trace);
        assert_ne!(first.trace, kind.simulation(8).run().trace);
    }
}
