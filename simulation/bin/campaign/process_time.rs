//! The time that this process has taken of the processors.

use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// User and system time of all threads; zero where the system does not say.
pub fn cpu() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_SELF);
    let micros = usage.map(|usage| {
        let (user, system) = (usage.user_time(), usage.system_time());
        user.num_microseconds() + system.num_microseconds()
    });
    let micros = micros.ok().and_then(|micros| u64::try_from(micros).ok());
    Duration::from_micros(micros.unwrap_or(0))
}
