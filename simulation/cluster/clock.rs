//! The simulated time, as nodes read it.

use std::time::Duration;

use cartwheel::time::{Moment, WallTime};
use cartwheel_actors::shell::Clock;
use tokio::time::Instant;

/// Both clocks of a simulated node.
pub struct SimulatedClock {
    zero: Instant,
}

impl SimulatedClock {
    /// A clock whose zero is now.
    pub fn new() -> Self {
        Self {
            zero: Instant::now(),
        }
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Moment {
        Moment::default().after(self.zero.elapsed())
    }

    fn wall(&self) -> WallTime {
        // A node that is being crashed is outside the simulation already.
        let since = turmoil::since_epoch().unwrap_or(Duration::ZERO).as_millis();
        WallTime(u64::try_from(since).unwrap_or(u64::MAX))
    }
}
