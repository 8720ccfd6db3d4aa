//! What goes wrong with the machine of a node, beside its disk.

use std::time::Duration;

use crate::cluster::Machine;
use crate::dice::Dice;

/// How far a clock jumps: an hour, as with a wrong change to summer time, or a little more than a
/// node may be off.
const JUMPS_MS: [i64; 4] = [-3_600_000, 3_600_000, -1_500, 1_500];

/// What a clock that drifts gains at most in a second, in milliseconds.
const DRIFT_MS_MAX: u64 = 200;

/// The longest time between two turns of a slow node, in milliseconds.
const TURN_MS_MAX: u64 = 40;

/// A fault of a machine, or its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MachineFault {
    /// Nothing of the node runs: its timers are late, and what arrives waits in its sockets.
    Pause,
    /// The node gets a turn only every so long.
    SlowDown(Duration),
    /// It runs again, and at full speed.
    RunAgain,
    /// Its wall clock jumps by so many milliseconds.
    JumpClock(i64),
    /// Its wall clock gains so many milliseconds a second.
    DriftClock(i64),
    /// Its wall clock is right.
    SetClockRight,
}

impl MachineFault {
    /// A node that is slow, and its end.
    pub(super) fn slowness(dice: &mut Dice) -> (Self, Self) {
        let turn = Duration::from_millis(dice.between(2, TURN_MS_MAX));
        (Self::SlowDown(turn), Self::RunAgain)
    }

    /// A clock that jumps, and its end.
    pub(super) fn clock_jump(dice: &mut Dice) -> (Self, Self) {
        let at = usize::try_from(dice.below(JUMPS_MS.len() as u64)).unwrap_or(0);
        (Self::JumpClock(JUMPS_MS[at]), Self::SetClockRight)
    }

    /// A clock that drifts, and its end.
    pub(super) fn clock_drift(dice: &mut Dice) -> (Self, Self) {
        let gains = i64::try_from(dice.between(1, DRIFT_MS_MAX)).unwrap_or(1);
        let gains = if dice.one_in(2) { gains } else { -gains };
        (Self::DriftClock(gains), Self::SetClockRight)
    }

    /// Lets it happen at that time since the epoch.
    pub(super) fn happen(self, machine: &Machine, since_epoch: Duration) {
        let Machine { processor, clock } = machine;
        match self {
            Self::Pause => processor.pause(),
            Self::SlowDown(turn) => processor.slow_down(turn),
            Self::RunAgain => processor.run_again(),
            Self::JumpClock(by_ms) => clock.jump(by_ms),
            Self::DriftClock(ms_per_second) => clock.drift(since_epoch, ms_per_second),
            Self::SetClockRight => clock.set_right(),
        }
    }
}
