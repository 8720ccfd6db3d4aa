//! What the cluster said it keeps, it keeps.

use crate::checker::check;
use crate::run::run;

#[test]
fn no_acknowledged_write_is_lost_under_crashes_and_partitions() {
    for seed in 1..=4 {
        let run = run(seed);
        assert_eq!(run.failures, Vec::<String>::new(), "seed {seed}");
        assert_eq!(run.history.last.len(), 4, "seed {seed}: every key was read");
        assert_eq!(check(&run.history), [], "seed {seed}");
    }
}
