//! Time as the core sees it: an argument, never a call.

use std::time::Duration;

/// A reading of a monotonic clock, in microseconds since the node's own zero.
///
/// Readings of different nodes can't be compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

impl Moment {
    /// The reading that many microseconds after the clock's zero.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since the clock's zero.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// This moment moved forward; it stops at the end of time instead of wrapping.
    pub fn after(self, wait: Duration) -> Self {
        let micros = u64::try_from(wait.as_micros()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(micros))
    }

    /// How long ago `earlier` was; zero if it was not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

/// A reading of the wall clock in milliseconds since 1970: it jumps and drifts, so that
/// nothing but last-writer-wins stamps is derived from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct WallTime(pub u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_far_ahead_stops_at_the_end_of_time() {
        let late = Moment::from_micros(u64::MAX - 1);
        assert_eq!(late.after(Duration::MAX).as_micros(), u64::MAX);
    }

    #[test]
    fn a_later_moment_is_no_time_ago() {
        assert_eq!(
            Moment::from_micros(5).since(Moment::from_micros(9)),
            Duration::ZERO
        );
    }
}
