//! The time of one request, all its attempts together.

use std::time::Duration;

use tokio::time::Instant;

/// The time that a request has, all attempts together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeLimit {
    began: Instant,
    pub(crate) timeout: Duration,
}

/// The longest time a frame can speak of, seven weeks; much more would overflow the clock.
pub(crate) const TIMEOUT_MAX: Duration = Duration::from_millis(u32::MAX as u64);

impl TimeLimit {
    /// The time from now on.
    pub(crate) fn start(timeout: Duration) -> Self {
        Self {
            began: Instant::now(),
            timeout: timeout.min(TIMEOUT_MAX),
        }
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.began + self.timeout
    }

    /// How much of it is over.
    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Whether a pause still leaves time for an attempt.
    pub(crate) fn allows(&self, pause: Duration) -> bool {
        Instant::now() + pause < self.deadline()
    }
}
