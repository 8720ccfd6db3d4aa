//! How far this node's wall clock is off, by what the clocks of its peers show (rule 8).
//!
//! A peer is asked for its time; it has read its clock somewhere between the question and the
//! answer, and the middle is off by no more than half of the round trip (Cristian: "Probabilistic
//! Clock Synchronization", Distributed Computing 3, 1989). No clock is the right one, so the
//! median of all decides, the own among them: it is right as long as most are.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::message::client::RequestError;
use crate::node::NodeId;
use crate::time::{Moment, WallTime};

/// A peer that was not heard of for so long is away, and its clock counts no more: some rounds
/// of questions.
const READING_AGE_MAX: Duration = Duration::from_secs(20);

/// A question to a peer for its time, and the answer.
#[derive(Clone, Copy, Debug)]
pub struct ClockExchange {
    /// When it was asked.
    pub asked: Moment,
    /// When it had answered.
    pub answered: Moment,
    /// What its wall clock showed in between.
    pub wall: WallTime,
}

/// What the clocks of the peers have shown of late.
#[derive(Clone, Debug, Default)]
pub struct ClockOffsets {
    limit: Duration,
    peers: BTreeMap<NodeId, ClockExchange>,
}

impl ClockOffsets {
    /// Nothing is known of any peer; the own clock may be off by so much.
    pub fn new(limit: Duration) -> Self {
        let peers = BTreeMap::new();
        Self { limit, peers }
    }

    /// Takes a peer's answer, in place of its earlier one.
    pub fn observe(&mut self, peer: NodeId, exchange: ClockExchange) {
        self.peers.insert(peer, exchange);
    }

    /// How far the own clock is surely off the median, in milliseconds; it is behind if the
    /// number is positive. The monotonic clock carries the readings to now, so that a jump of
    /// the own wall clock shows at once.
    pub fn offset_ms(&self, now: Moment, wall: WallTime) -> i64 {
        let fresh = |exchange: &&ClockExchange| now.since(exchange.answered) <= READING_AGE_MAX;
        let peers = self.peers.values().filter(fresh);
        let mut offsets: Vec<i64> = peers.map(|peer| peer.offset_ms(now, wall)).collect();
        offsets.push(0);
        offsets.sort_unstable();
        let (lower, upper) = (offsets[(offsets.len() - 1) / 2], offsets[offsets.len() / 2]);
        lower.midpoint(upper)
    }

    /// Refuses to stamp a write with a clock that is off by more than the limit.
    pub fn check(&self, now: Moment, wall: WallTime) -> Result<(), RequestError> {
        let offset_ms = self.offset_ms(now, wall).unsigned_abs();
        let limit_ms = millis(self.limit).unsigned_abs();
        match offset_ms > limit_ms {
            true => Err(RequestError::ClockOff {
                offset_ms,
                limit_ms,
            }),
            false => Ok(()),
        }
    }
}

impl ClockExchange {
    /// How far the peer's clock is ahead of the own for certain: half of the round trip is
    /// taken off, towards none.
    fn offset_ms(&self, now: Moment, wall: WallTime) -> i64 {
        let half = self.answered.since(self.asked) / 2;
        let elapsed = half.saturating_add(now.since(self.answered));
        let peer = signed(self.wall.0).saturating_add(millis(elapsed));
        let offset = peer.saturating_sub(signed(wall.0));
        offset.signum() * offset.saturating_abs().saturating_sub(millis(half)).max(0)
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn signed(millis: u64) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: u64 = 1_800_000_000_000;
    const LIMIT: Duration = Duration::from_millis(500);

    fn at_ms(ms: u64) -> Moment {
        Moment::from_micros(ms * 1000)
    }

    /// Peers whose clocks were so far ahead of the own, asked at 1000 ms, when the own showed
    /// noon, with so long a round trip.
    fn peers(ahead_ms: &[i64], round_trip_ms: u64) -> ClockOffsets {
        let mut offsets = ClockOffsets::new(LIMIT);
        for (peer, ahead) in ahead_ms.iter().enumerate() {
            let wall = (NOON + round_trip_ms / 2).saturating_add_signed(*ahead);
            let exchange = ClockExchange {
                asked: at_ms(1000),
                answered: at_ms(1000 + round_trip_ms),
                wall: WallTime(wall),
            };
            offsets.observe(NodeId(peer as u64), exchange);
        }
        offsets
    }

    fn offset(offsets: &ClockOffsets) -> i64 {
        offsets.offset_ms(at_ms(2000), WallTime(NOON + 1000))
    }

    #[test]
    fn most_clocks_decide_and_the_own_is_one_of_them() {
        assert_eq!(offset(&peers(&[], 0)), 0);
        assert_eq!(offset(&peers(&[700, 710], 0)), 700);
        assert_eq!(offset(&peers(&[-700, -710], 0)), -700);
        assert_eq!(offset(&peers(&[0, 90_000], 0)), 0, "one of three is wrong");
        assert_eq!(offset(&peers(&[800], 0)), 400, "of two nobody knows which");
        assert_eq!(offset(&peers(&[600, 0, 800], 0)), 300);
    }

    #[test]
    fn a_clock_that_is_off_by_more_than_the_limit_stamps_nothing() {
        let check = |ahead: &[i64]| peers(ahead, 0).check(at_ms(1000), WallTime(NOON));
        assert_eq!(check(&[500, 500]), Ok(()));
        let (offset_ms, limit_ms) = (501, 500);
        let off = Err(RequestError::ClockOff {
            offset_ms,
            limit_ms,
        });
        assert_eq!(check(&[501, 501]), off);
        assert_eq!(check(&[-501, -501]), off);
    }

    #[test]
    fn a_slow_answer_proves_less() {
        assert_eq!(offset(&peers(&[700, 700], 300)), 550);
        assert_eq!(offset(&peers(&[-700, -700], 300)), -550);
        assert_eq!(offset(&peers(&[100, 100], 300)), 0);
    }

    #[test]
    fn a_jump_of_the_own_clock_shows_at_once() {
        let offsets = peers(&[0, 0], 0);
        let jumped = WallTime(NOON + 1000 + 60_000);
        assert_eq!(offsets.offset_ms(at_ms(2000), jumped), -60_000);
    }

    #[test]
    fn a_peer_that_is_away_counts_no_more() {
        let offsets = peers(&[700, 700], 0);
        let later = 1000 + 20_001;
        assert_eq!(
            offsets.offset_ms(at_ms(later), WallTime(NOON + later - 1000)),
            0
        );
    }

    #[test]
    fn no_reading_is_too_wild() {
        let mut offsets = ClockOffsets::new(LIMIT);
        for (peer, wall) in [(1, u64::MAX), (2, u64::MAX)] {
            let exchange = ClockExchange {
                asked: Moment::from_micros(u64::MAX),
                answered: Moment::default(),
                wall: WallTime(wall),
            };
            offsets.observe(NodeId(peer), exchange);
        }
        assert!(offsets.check(Moment::default(), WallTime(0)).is_err());
    }
}
