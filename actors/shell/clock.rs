//! Time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cartwheel::time::{Moment, WallTime};

/// Both clocks of a node.
pub trait Clock: Send + Sync {
    /// The monotonic clock.
    fn now(&self) -> Moment;

    /// The wall clock.
    fn wall(&self) -> WallTime;
}

/// The clocks of the machine.
#[derive(Debug)]
pub struct MonotonicClock {
    zero: std::time::Instant,
}

impl MonotonicClock {
    /// A clock whose zero is now.
    #[allow(clippy::disallowed_methods)] // This is the one place that reads the time.
    pub fn new() -> Self {
        Self {
            zero: std::time::Instant::now(),
        }
    }
}

impl Default for MonotonicClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for MonotonicClock {
    #[allow(clippy::disallowed_methods)] // This is the one place that reads the time.
    fn now(&self) -> Moment {
        Moment::default().after(self.zero.elapsed())
    }

    #[allow(clippy::disallowed_methods)] // This is the one place that reads the time.
    fn wall(&self) -> WallTime {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let since = since.unwrap_or(Duration::ZERO).as_millis();
        WallTime(u64::try_from(since).unwrap_or(u64::MAX))
    }
}
