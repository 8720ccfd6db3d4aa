//! The simulated time, as nodes read it: the monotonic clock is right, the wall clock may not be.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cartwheel::time::{Moment, WallTime};
use cartwheel_actors::shell::Clock;
use tokio::time::Instant;

/// Both clocks of a simulated node.
pub struct SimulatedClock {
    zero: Instant,
    wall: WallClock,
}

impl SimulatedClock {
    /// A clock whose zero is now.
    pub fn new(wall: WallClock) -> Self {
        let zero = Instant::now();
        Self { zero, wall }
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Moment {
        Moment::default().after(self.zero.elapsed())
    }

    fn wall(&self) -> WallTime {
        // A node that is being crashed is outside the simulation already.
        let since = turmoil::since_epoch().unwrap_or(Duration::ZERO);
        self.wall.read(since)
    }
}

/// How far the wall clock of a machine is off. It outlives the node.
#[derive(Clone, Default)]
pub struct WallClock(Arc<Mutex<Error>>);

#[derive(Default)]
struct Error {
    off_ms: i64,
    /// Since that time, since the epoch, it gains or loses so many milliseconds a second.
    drift: Option<(Duration, i64)>,
}

impl WallClock {
    /// It jumps by so many milliseconds.
    pub fn jump(&self, by_ms: i64) {
        self.error().off_ms += by_ms;
    }

    /// From that time since the epoch on it gains or loses so many milliseconds a second.
    pub fn drift(&self, from: Duration, ms_per_second: i64) {
        self.error().drift = Some((from, ms_per_second));
    }

    /// It is right from now on, as after a look at a time server.
    pub fn set_right(&self) {
        *self.error() = Error::default();
    }

    fn read(&self, since_epoch: Duration) -> WallTime {
        let error = self.error();
        let drifted = error.drift.map_or(0, |(from, ms_per_second)| {
            let drifting = since_epoch.saturating_sub(from).as_millis();
            i64::try_from(drifting).unwrap_or(i64::MAX) / 1_000 * ms_per_second
        });
        let right = u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX);
        WallTime(right.saturating_add_signed(error.off_ms + drifted))
    }

    fn error(&self) -> MutexGuard<'_, Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_jumps_drifts_and_is_set_right() {
        let at = Duration::from_secs;
        let clock = WallClock::default();
        assert_eq!(clock.read(at(10)), WallTime(10_000));
        clock.jump(-3_000);
        assert_eq!(clock.read(at(10)), WallTime(7_000));
        clock.drift(at(10), 200);
        assert_eq!(clock.read(at(15)), WallTime(13_000));
        clock.set_right();
        assert_eq!(clock.read(at(15)), WallTime(15_000));
    }
}
