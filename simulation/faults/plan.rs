//! What goes wrong in a run, and when, as its seed decides.

use std::time::Duration;

use super::draw::Drawing;
use super::{Fault, Mix, Planned};
use crate::dice::Dice;

/// When the first fault comes: the nodes have found each other.
const FIRST: Duration = Duration::from_secs(1);

/// The longest time from one fault to the next, in milliseconds.
const PAUSE_MS_MAX: u64 = 1_500;

/// The faults of a mix, none of which begins after its end or stays for ever.
pub fn plan(dice: &mut Dice, mix: &Mix, nodes: u64, hosts: &[String]) -> Vec<Planned> {
    let mut planned = vec![(mix.ends(), Fault::Readable)];
    let mut at = FIRST;
    while at < mix.ends() {
        let Some(kind) = mix.draw(dice) else { break };
        planned.extend(Drawing { dice, nodes, hosts }.episode(kind, at));
        at += Duration::from_millis(dice.between(100, PAUSE_MS_MAX));
    }
    planned
}
