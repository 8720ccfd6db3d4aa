//! The time that this process has taken of the processors.

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// User and system time of all threads, in microseconds; zero where the system does not say.
pub fn cpu_us() -> u64 {
    let usage = getrusage(UsageWho::RUSAGE_SELF);
    let micros = usage.map(|usage| {
        let (user, system) = (usage.user_time(), usage.system_time());
        user.num_microseconds() + system.num_microseconds()
    });
    micros
        .ok()
        .and_then(|micros| micros.try_into().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_takes_time() {
        let before = cpu_us();
        let began = std::time::Instant::now();
        let mut sum = 0_u64;
        while began.elapsed().as_millis() < 20 {
            sum = std::hint::black_box(sum + 1);
        }
        assert!(cpu_us() > before, "{sum}");
    }
}
