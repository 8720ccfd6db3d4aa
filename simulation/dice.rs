//! Random numbers of a run, all from its seed.

use cartwheel::entropy::Entropy;
use cartwheel_actors::shell::{EntropySource, SeededEntropy};

/// The numbers of one part of a run.
pub struct Dice(Box<dyn Entropy + Send>);

/// The seed of one part of a run, so that what one part draws does not shift what another does.
pub fn seed_of(seed: u64, part: &str) -> u64 {
    let mixed = part.bytes().fold(seed, |mixed, byte| {
        (mixed ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    mixed.rotate_left(17) ^ seed
}

impl Dice {
    /// The numbers of a part of a run.
    pub fn new(seed: u64, part: &str) -> Self {
        Self(SeededEntropy::new(seed_of(seed, part)).fork())
    }

    /// A number below a bound that is not 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0.next_u64() % bound
    }

    /// A number from `least` up to, not including, `bound`.
    pub fn between(&mut self, least: u64, bound: u64) -> u64 {
        least + self.below(bound - least)
    }

    /// True once in so many times.
    pub fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

impl Entropy for Dice {
    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }
}
