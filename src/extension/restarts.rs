//! When an extension that has failed begins again: after a delay that grows, or never.
//!
//! ```text
//!   failure ─ 100 ms ─► failure ─ 200 ms ─► failure ─ 400 ms ─► … ─ 10 s ─► one too many: it ends
//!   └────────────────────────────── within the window ──────────────────────────────────────────┘
//! ```

use std::collections::VecDeque;
use std::time::Duration;

use crate::limits::{EXTENSION_DELAY_MAX, EXTENSION_DELAY_MIN};
use crate::time::Moment;

/// How often an extension may fail before it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestartRule {
    /// So many restarts …
    pub restarts_max: u32,
    /// … within this window.
    pub window: Duration,
}

/// The failures of one extension that count still.
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

    /// Counts a failure: how long the extension rests, or nothing if it does not begin again.
    pub fn failed(&mut self, now: Moment) -> Option<Duration> {
        let window = self.rule.window;
        while self
            .recent
            .front()
            .is_some_and(|at| now.since(*at) > window)
        {
            self.recent.pop_front();
        }
        self.recent.push_back(now);
        let restarts = u32::try_from(self.recent.len()).unwrap_or(u32::MAX);
        if restarts > self.rule.restarts_max {
            return None;
        }
        let doubled = 1_u32.checked_shl(restarts - 1).unwrap_or(u32::MAX);
        let delay = EXTENSION_DELAY_MIN.saturating_mul(doubled);
        Some(delay.min(EXTENSION_DELAY_MAX))
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
        while let Some(delay) = restarts.failed(now) {
            delays.push(delay.as_millis());
            now = now.after(delay);
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
            assert_eq!(restarts.failed(now), Some(EXTENSION_DELAY_MIN));
            now = now.after(RULE.window + Duration::from_micros(1));
        }
    }

    #[test]
    fn an_extension_that_may_never_begin_again_ends_at_once() {
        let restarts_max = 0;
        let mut restarts = Restarts::new(RestartRule {
            restarts_max,
            ..RULE
        });
        assert_eq!(restarts.failed(Moment::default()), None);
    }

    #[test]
    fn a_delay_has_an_end_however_many_restarts_there_may_be() {
        let restarts_max = u32::MAX;
        let mut restarts = Restarts::new(RestartRule {
            restarts_max,
            ..RULE
        });
        let mut last = None;
        for _ in 0..100 {
            last = restarts.failed(Moment::default());
        }
        assert_eq!(last, Some(EXTENSION_DELAY_MAX));
    }
}
