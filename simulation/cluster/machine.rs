//! The machine of a simulated node, which outlives the node.

use super::clock::WallClock;
use super::processor::Processor;

/// What a node runs on, beside its disk.
#[derive(Clone, Default)]
pub struct Machine {
    /// What runs its code.
    pub processor: Processor,
    /// What tells it the time of day.
    pub clock: WallClock,
}
