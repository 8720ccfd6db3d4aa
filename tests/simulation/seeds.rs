//! Which seeds are run: some of each kind, or what the environment asks for.
//!
//! `CARTWHEEL_SEEDS=100` runs so many of each kind, `CARTWHEEL_SEED=7` that one and prints what
//! happened in it.

use std::ops::RangeInclusive;

/// The seeds of a kind of run where nothing else is said.
const SEEDS: u64 = 4;

/// The seeds of a kind of run.
pub struct Seeds {
    pub all: RangeInclusive<u64>,
    /// Whether somebody wants to read what happens.
    pub told: bool,
}

impl Seeds {
    /// What the environment asks for.
    pub fn asked_for() -> Self {
        if let Some(seed) = number("CARTWHEEL_SEED") {
            let (all, told) = (seed..=seed, true);
            return Self { all, told };
        }
        let count = number("CARTWHEEL_SEEDS").unwrap_or(SEEDS);
        let (all, told) = (1..=count, false);
        Self { all, told }
    }

    /// Whether there are enough for what must happen sometimes.
    pub fn are_some(&self) -> bool {
        self.all.clone().count() as u64 >= SEEDS
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is no number: {text}")),
    )
}
