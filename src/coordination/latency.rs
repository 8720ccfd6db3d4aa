//! The observed p95 of replies, for hedging.

use std::time::Duration;

/// A running estimate of a quantile: each sample moves it a little, up by nineteen times the
/// step that it moves down, so that it rests where one sample in twenty is above it
/// (stochastic approximation after Robbins and Monro).
#[derive(Clone, Copy, Debug)]
pub(super) struct ObservedP95 {
    micros: f64,
}

/// How far a sample moves the estimate, as a share of it.
const STEP: f64 = 0.02;

impl ObservedP95 {
    pub(super) fn starting_at(guess: Duration) -> Self {
        Self {
            micros: guess.as_micros().max(1) as f64,
        }
    }

    pub(super) fn observe(&mut self, sample: Duration) {
        let above = sample.as_micros() as f64 > self.micros;
        let share = if above { 0.95 } else { -0.05 };
        self.micros = (self.micros * (1.0 + STEP * share)).max(1.0);
    }

    pub(super) fn get(&self) -> Duration {
        Duration::from_micros(self.micros as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rests_where_one_sample_in_twenty_is_above() {
        let mut p95 = ObservedP95::starting_at(Duration::from_millis(50));
        for at in 0..40_000_u64 {
            p95.observe(Duration::from_micros(at * 7919 % 1000));
        }
        let estimate = p95.get().as_micros();
        assert!((850..1000).contains(&estimate), "{estimate}");
    }
}
