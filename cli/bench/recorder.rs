//! What a run of the benchmark saw.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use hdrhistogram::errors::CreationError;

/// The longest latency that is told apart, in nanoseconds: longer than any deadline.
const LATENCY_NS_MAX: u64 = 120_000_000_000;

/// Digits that are kept of each latency.
const DIGITS: u8 = 3;

/// Latencies of what succeeded, counts of what did not.
pub struct Recorder {
    latencies_ns: Histogram<u64>,
    errors: BTreeMap<String, u64>,
}

impl Recorder {
    pub fn new() -> Result<Self, CreationError> {
        Ok(Self {
            latencies_ns: Histogram::new_with_bounds(1, LATENCY_NS_MAX, DIGITS)?,
            errors: BTreeMap::new(),
        })
    }

    /// An operation that succeeded.
    pub fn succeeded(&mut self, latency: Duration) {
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.latencies_ns.saturating_record(nanos.max(1));
    }

    /// An operation that did not, by the name of what it ended with.
    pub fn failed(&mut self, kind: String) {
        *self.errors.entry(kind).or_default() += 1;
    }

    /// Of an open loop: those that became due and were never started are errors.
    pub fn with_due(mut self, due: Option<u64>) -> Self {
        let ended = self.operations() + self.errors.values().sum::<u64>();
        let never = due.unwrap_or(ended).saturating_sub(ended);
        if never > 0 {
            self.errors.insert("NotStarted".to_owned(), never);
        }
        self
    }

    /// How many operations succeeded.
    pub fn operations(&self) -> u64 {
        self.latencies_ns.len()
    }

    /// How many did not, by kind.
    pub fn errors_by_kind(&self) -> &BTreeMap<String, u64> {
        &self.errors
    }

    /// The latency in milliseconds that so many of a hundred operations did not exceed.
    pub fn percentile_ms(&self, percent: f64) -> f64 {
        to_ms(self.latencies_ns.value_at_percentile(percent))
    }

    /// The longest latency in milliseconds.
    pub fn max_ms(&self) -> f64 {
        to_ms(self.latencies_ns.max())
    }
}

/// Whole microseconds, which is what the clock is good for.
fn to_ms(nanos: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a latency is far below 2^52 µs")]
    let micros = (nanos / 1000) as f64;
    micros / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_exact_to_three_digits() {
        let mut recorder = Recorder::new().unwrap();
        for micros in 1..=10_000 {
            recorder.succeeded(Duration::from_micros(micros));
        }
        for (percent, expected) in [(50.0, 5.0), (99.0, 9.9), (99.9, 9.99), (99.99, 9.999)] {
            let seen = recorder.percentile_ms(percent);
            assert!(
                (seen - expected).abs() / expected < 0.002,
                "{percent}: {seen}"
            );
        }
        assert_eq!(recorder.operations(), 10_000);
    }

    #[test]
    fn a_latency_off_the_scale_counts_as_the_longest() {
        let mut recorder = Recorder::new().unwrap();
        recorder.succeeded(Duration::from_secs(1000));
        recorder.succeeded(Duration::ZERO);
        assert!(recorder.max_ms() >= 120_000.0, "{}", recorder.max_ms());
        assert_eq!(recorder.operations(), 2);
    }

    #[test]
    fn what_was_due_and_never_started_is_an_error() {
        let mut recorder = Recorder::new().unwrap();
        recorder.succeeded(Duration::from_millis(1));
        recorder.failed("TimedOut".to_owned());
        let recorder = recorder.with_due(Some(5));
        assert_eq!(recorder.errors_by_kind()["NotStarted"], 3);
        let closed = Recorder::new().unwrap().with_due(None);
        assert!(closed.errors_by_kind().is_empty());
    }

    #[test]
    fn errors_are_counted_by_kind_and_not_as_operations() {
        let mut recorder = Recorder::new().unwrap();
        for kind in ["NotFound", "Overloaded", "NotFound"] {
            recorder.failed(kind.to_owned());
        }
        assert_eq!(recorder.errors_by_kind()["NotFound"], 2);
        assert_eq!(recorder.operations(), 0);
        assert_eq!(recorder.percentile_ms(50.0), 0.0);
    }
}
