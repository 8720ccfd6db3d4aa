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
    /// In microseconds, so that what drifts of little are built up of is not rounded away.
    off_us: i64,
    /// Since that time, since the epoch, it gains or loses so many milliseconds a second.
    drift: Option<(Duration, i64)>,
}

impl Error {
    /// By how many microseconds it is off at a time since the epoch.
    fn at(&self, since_epoch: Duration) -> i64 {
        let drifted = self.drift.map_or(0, |(from, ms_per_second)| {
            let drifting = since_epoch.saturating_sub(from).as_micros();
            let drifting = i64::try_from(drifting).unwrap_or(i64::MAX);
            drifting.saturating_mul(ms_per_second) / 1_000
        });
        self.off_us.saturating_add(drifted)
    }
}

impl WallClock {
    /// It jumps by so many milliseconds.
    pub fn jump(&self, by_ms: i64) {
        self.error().off_us += by_ms * 1_000;
    }

    /// From that time since the epoch on it gains or loses so many milliseconds a second, beside
    /// what it is off by then.
    pub fn drift(&self, from: Duration, ms_per_second: i64) {
        let mut error = self.error();
        error.off_us = error.at(from);
        error.drift = Some((from, ms_per_second));
    }

    /// It is right from now on, as after a look at a time server.
    pub fn set_right(&self) {
        *self.error() = Error::default();
    }

    fn read(&self, since_epoch: Duration) -> WallTime {
        let off_us = self.error().at(since_epoch);
        let right_us = u64::try_from(since_epoch.as_micros()).unwrap_or(u64::MAX);
        WallTime(right_us.saturating_add_signed(off_us) / 1_000)
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
    #[test]
    fn a_drift_is_there_within_its_first_second() {
        let at = Duration::from_millis;
        let clock = WallClock::default();
        clock.drift(at(10_000), 200);
        assert_eq!(clock.read(at(10_005)), WallTime(10_006));
        assert_eq!(clock.read(at(10_500)), WallTime(10_600));
        clock.set_right();
        clock.drift(at(11_000), -200);
        assert_eq!(clock.read(at(11_500)), WallTime(11_400));
    }

    #[test]
    fn another_drift_and_a_jump_keep_what_the_first_drift_has_built_up() {
        let at = Duration::from_millis;
        let clock = WallClock::default();
        clock.drift(at(10_000), 100);
        clock.drift(at(12_500), -40);
        assert_eq!(clock.read(at(12_500)), WallTime(12_750));
        assert_eq!(clock.read(at(15_000)), WallTime(15_150));
        clock.jump(1_000);
        assert_eq!(clock.read(at(15_000)), WallTime(16_150));
    }
}
