//! Delays that grow from attempt to attempt, spread so that clients don't come back in step.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

/// Before a broken or refused connection is tried again: soon at first, since a restart takes
/// a second or two, then at leisure.
pub(crate) fn before_reconnecting(seed: u64) -> ExponentialBackoff {
    growing(2.0, Duration::from_millis(20), Duration::from_secs(2), seed)
}

/// Before a refused request is tried again: four of them span two seconds.
pub(crate) fn before_retrying(seed: u64) -> ExponentialBackoff {
    growing(4.0, Duration::from_millis(20), Duration::from_secs(1), seed)
}

fn growing(factor: f32, least: Duration, most: Duration, seed: u64) -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_factor(factor)
        .with_min_delay(least)
        .with_max_delay(most)
        .without_max_times()
        .with_jitter()
        .with_jitter_seed(seed)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_their_bound_and_repeat_with_the_seed() {
        let delays: Vec<Duration> = before_reconnecting(7).take(20).collect();
        assert!(delays[0] < Duration::from_millis(40));
        assert!(delays.iter().all(|delay| *delay < Duration::from_secs(4)));
        assert!(delays[19] >= Duration::from_secs(2));
        assert_eq!(delays, before_reconnecting(7).take(20).collect::<Vec<_>>());
        assert_ne!(delays, before_reconnecting(8).take(20).collect::<Vec<_>>());
    }
}
