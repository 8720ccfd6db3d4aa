//! When operations are to start.
//!
//! Closed loop: each worker starts its next operation when the last one has ended, so that a
//! slow store is asked less. Open loop: operation i is meant to start at i / rate, whether or
//! not the store keeps up, and its latency counts from there: what is late because others were
//! slow is as late as its user would find it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

/// The least time between two releases of operations that became due: below it, waking up
/// would cost more than the operations do. An operation is late by half of it on average.
const PACE: Duration = Duration::from_micros(100);

/// The times of one run.
pub struct Schedule {
    start: Instant,
    end: Instant,
    rate: Option<Arc<Rate>>,
}

/// An open loop: which operation is next, and how many are due.
struct Rate {
    per_second: f64,
    next: AtomicU64,
    due: Semaphore,
}

impl Schedule {
    /// A run that starts now.
    pub fn starting_now(length: Duration, per_second: Option<f64>) -> Self {
        let start = Instant::now();
        let rate = |per_second| Rate {
            per_second,
            next: AtomicU64::new(0),
            due: Semaphore::new(0),
        };
        Self {
            start,
            end: start + length,
            rate: per_second.map(rate).map(Arc::new),
        }
    }

    /// How long ago the run began.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Waits until the next operation may start, and says when it was meant to; nothing once
    /// the run is over.
    pub async fn next(&self) -> Option<Instant> {
        let meant = match &self.rate {
            None => Instant::now(),
            Some(rate) => self.start + rate.next().await?,
        };
        (Instant::now() < self.end).then_some(meant)
    }

    /// Starts the thread that lets operations become due, until the run is over: timers of the
    /// runtime are good to a millisecond only. It answers how many became due.
    pub fn pace(&self) -> io::Result<Option<JoinHandle<u64>>> {
        let Some(rate) = self.rate.clone() else {
            return Ok(None);
        };
        let (start, end) = (self.start, self.end);
        let pacer = thread::Builder::new().name("pacer".to_owned());
        pacer
            .spawn(move || rate.release_until(start, end))
            .map(Some)
    }
}

impl Rate {
    async fn next(&self) -> Option<Duration> {
        self.due.acquire().await.ok()?.forget();
        Some(self.offset(self.next.fetch_add(1, Ordering::Relaxed)))
    }

    fn release_until(&self, start: Instant, end: Instant) -> u64 {
        let mut released = 0;
        loop {
            let now = Instant::now().min(end);
            let due = self.due_before(now - start);
            self.due
                .add_permits(usize::try_from(due - released).unwrap_or(0));
            released = due;
            if now == end {
                self.due.close();
                return released;
            }
            let next = start + self.offset(released);
            thread::sleep(next.min(end).saturating_duration_since(now).max(PACE));
        }
    }

    /// How long after the start an operation is meant to begin.
    #[expect(clippy::cast_precision_loss, reason = "far fewer operations than 2^52")]
    fn offset(&self, number: u64) -> Duration {
        Duration::from_secs_f64(number as f64 / self.per_second)
    }

    /// How many operations are meant to begin within so long after the start.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a positive number far below 2^52"
    )]
    fn due_before(&self, elapsed: Duration) -> u64 {
        (elapsed.as_secs_f64() * self.per_second).ceil() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_closed_loop_starts_at_once_and_ends_with_the_run() {
        let schedule = Schedule::starting_now(Duration::from_millis(20), None);
        let meant = schedule.next().await.unwrap();
        assert!(meant.elapsed() < Duration::from_millis(20));
        tokio::time::sleep(Duration::from_millis(25)).await;
        assert_eq!(schedule.next().await, None);
    }

    #[tokio::test]
    async fn an_open_loop_keeps_its_rate() {
        let schedule = Schedule::starting_now(Duration::from_millis(200), Some(1000.0));
        let pacer = schedule.pace().unwrap().unwrap();
        let mut starts = Vec::new();
        while let Some(meant) = schedule.next().await {
            assert!(Instant::now() >= meant, "an operation started early");
            starts.push(meant - schedule.start);
        }
        assert_eq!(starts[..3], [0, 1, 2].map(Duration::from_millis));
        assert_eq!(pacer.join().unwrap(), 200);
        assert!((150..=200).contains(&starts.len()), "{}", starts.len());
    }

    #[tokio::test]
    async fn an_operation_that_waited_for_a_slow_one_counts_from_its_intended_start() {
        let schedule = Schedule::starting_now(Duration::from_millis(100), Some(1000.0));
        let pacer = schedule.pace().unwrap().unwrap();
        schedule.next().await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        let meant = schedule.next().await.unwrap();
        assert_eq!(meant - schedule.start, Duration::from_millis(1));
        assert!(meant.elapsed() >= Duration::from_millis(45));
        pacer.join().unwrap();
    }
}
