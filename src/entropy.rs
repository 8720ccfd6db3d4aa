//! Randomness as the core sees it: an argument.

/// A source of random numbers: the operating system's in real life, a seeded one under
/// simulation.
pub trait Entropy {
    /// The next 64 random bits.
    fn next_u64(&mut self) -> u64;

    /// The next 128 random bits.
    fn next_u128(&mut self) -> u128 {
        (u128::from(self.next_u64()) << 64) | u128::from(self.next_u64())
    }
}
