//! Whether what has failed begins again: an actor of the node at once, an extension after a rest that
//! grows, and either no more when it has failed too often.
//!
//! ```text
//!   failure ─ 100 ms ─► failure ─ 200 ms ─► failure ─ 400 ms ─► … ─ 10 s ─► one too many: it ends
//!   └────────────────────────────── within the window ──────────────────────────────────────────┘
//! ```

use std::collections::VecDeque;
use std::time::Duration;

use crate::limits::{EXTENSION_DELAY_MAX, EXTENSION_DELAY_MIN};
use crate::time::Moment;

/// How often something may begin again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestartRule {
    /// So many restarts …
    pub restarts_max: u32,
    /// … within this window.
    pub window: Duration,
}

/// The failures of one actor that count still.
#[derive(Clone, Debug)]
pub struct Restarts {
    rule: RestartRule,
    recent: VecDeque<Moment>,
}

impl Restarts {
    /// No failure yet.
    pub fn new(rule: RestartRule) -> Self {
        let recent = VecDeque::new();
        Self { rule, recent }
    }

    /// Counts a failure; whether it begins again.
    pub fn failed(&mut self, now: Moment) -> bool {
        let window = self.rule.window;
        while self
            .recent
            .front()
            .is_some_and(|at| now.since(*at) > window)
        {
            self.recent.pop_front();
        }
        self.recent.push_back(now);
        self.recent.len() <= self.rule.restarts_max as usize
    }

    /// How long an extension rests after its last failure.
    pub fn rest(&self) -> Duration {
        let earlier = u32::try_from(self.recent.len()).unwrap_or(u32::MAX);
        let doubled = 1_u32.checked_shl(earlier.saturating_sub(1));
        let rest = EXTENSION_DELAY_MIN.saturating_mul(doubled.unwrap_or(u32::MAX));
        rest.min(EXTENSION_DELAY_MAX)
    }

    /// How many failures were within the window.
    pub fn recent(&self) -> usize {
        self.recent.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: RestartRule = RestartRule {
        restarts_max: 9,
        window: Duration::from_secs(120),
    };

    #[test]
    fn delays_grow_to_their_longest_and_then_it_ends() {
        let mut restarts = Restarts::new(RULE);
        let mut now = Moment::default();
        let mut delays = Vec::new();
        while restarts.failed(now) {
            delays.push(restarts.rest().as_millis());
            now = now.after(restarts.rest());
        }
        let expected = [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000];
        assert_eq!(delays, expected);
        assert_eq!(restarts.recent(), 10);
    }

    #[test]
    fn what_was_before_the_window_is_forgotten() {
        let mut restarts = Restarts::new(RULE);
        let mut now = Moment::default();
        for _ in 0..50 {
            assert!(restarts.failed(now));
            assert_eq!(restarts.rest(), EXTENSION_DELAY_MIN);
            now = now.after(RULE.window + Duration::from_micros(1));
        }
    }

    #[test]
    fn what_may_never_begin_again_ends_at_once() {
        let restarts_max = 0;
        let mut restarts = Restarts::new(RestartRule {
            restarts_max,
            ..RULE
        });
        assert!(!restarts.failed(Moment::default()));
    }

    #[test]
    fn a_delay_has_an_end_however_many_restarts_there_may_be() {
        let restarts_max = u32::MAX;
        let mut restarts = Restarts::new(RestartRule {
            restarts_max,
            ..RULE
        });
        assert!((0..100).all(|_| restarts.failed(Moment::default())));
        assert_eq!(restarts.rest(), EXTENSION_DELAY_MAX);
    }
}
