//! Random numbers.

use std::sync::Mutex;

use cartwheel::entropy::Entropy;
use rand::rngs::{SmallRng, SysRng};
use rand::{Rng, SeedableRng, TryRng};

/// Gives each part of a node a generator of its own.
pub trait EntropySource: Send + Sync {
    /// A fresh generator.
    fn fork(&self) -> Box<dyn Entropy + Send>;
}

/// The operating system's randomness, for every number: origins must never repeat, not even
/// after a fork of the machine's image.
#[derive(Debug, Default)]
pub struct OsEntropy;

impl EntropySource for OsEntropy {
    fn fork(&self) -> Box<dyn Entropy + Send> {
        Box::new(Self)
    }
}

impl Entropy for OsEntropy {
    #[allow(clippy::disallowed_methods)] // This is the one place that asks the system.
    #[allow(clippy::expect_used)]
    fn next_u64(&mut self) -> u64 {
        // Without randomness no origin may be minted, and nothing else of the node is safe:
        // the supervisors turn this into restarts, and their budget into the node's end.
        SysRng
            .try_next_u64()
            .expect("the operating system gives random numbers")
    }
}

/// Everything from one seed.
#[derive(Debug)]
pub struct SeededEntropy {
    seeds: Mutex<SmallRng>,
}

impl SeededEntropy {
    /// The source of a seed.
    pub fn new(seed: u64) -> Self {
        Self {
            seeds: Mutex::new(SmallRng::seed_from_u64(seed)),
        }
    }
}

impl EntropySource for SeededEntropy {
    fn fork(&self) -> Box<dyn Entropy + Send> {
        let mut seeds = self
            .seeds
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        Box::new(Seeded(SmallRng::seed_from_u64(seeds.next_u64())))
    }
}

struct Seeded(SmallRng);

impl Entropy for Seeded {
    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }
}
