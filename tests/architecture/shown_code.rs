//! Code that a document shows is code that is compiled and run.

use crate::workspace;

const SCENARIO: &str = "tests/simulation/first_scenario.rs";

#[test]
fn the_first_scenario_stands_in_contributing_as_it_is_run() {
    let scenario = workspace::read(SCENARIO);
    let shown = format!("```rust\n{scenario}```\n");
    let document = workspace::read("CONTRIBUTING.md");
    assert!(
        document.contains(&shown),
        "CONTRIBUTING.md shows another {SCENARIO}"
    );
}

#[test]
fn the_first_scenario_is_under_thirty_lines() {
    let lines = workspace::read(SCENARIO).lines().count();
    assert!(lines < 30, "{SCENARIO} has {lines} lines");
}
