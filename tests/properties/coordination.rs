//! Whole requests against what clients were told and shown: the real machines, in any order of
//! messages and syncs, with crashes, failed stores and broken links.

use cartwheel::version::ConflictRule;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use crate::cluster::{Cluster, Step, Weather, calm_run, stormy_run, weather};

fn judge(rule: ConflictRule, weather: &Weather, steps: &[Step]) -> Result<(), TestCaseError> {
    let mut cluster = Cluster::new(rule, weather);
    steps.iter().for_each(|step| cluster.step(step));
    let complaints = cluster.heal_and_judge();
    let story = cluster.story.join("\n");
    prop_assert!(complaints.is_empty(), "{:?}\n{}", complaints, story);
    Ok(())
}

proptest! {
    #[test]
    fn nothing_acknowledged_or_shown_is_ever_missed(weather in weather(), steps in calm_run()) {
        judge(ConflictRule::Siblings, &weather, &steps)?;
    }

    #[test]
    fn nothing_acknowledged_or_shown_is_ever_missed_despite_faults(
        weather in weather(), steps in stormy_run(),
    ) {
        judge(ConflictRule::Siblings, &weather, &steps)?;
    }

    #[test]
    fn one_last_writer_is_left_despite_faults(weather in weather(), steps in stormy_run()) {
        judge(ConflictRule::Lww, &weather, &steps)?;
    }
}
