//! Where dots come from (rule 1).

use crate::entropy::Entropy;
use crate::node::ShardId;
use crate::planted_bug::{self, PlantedBug};
use crate::version::{ContextError, Dot, History, Origin};

/// The shard's origin and its counter, which lives in memory only: an opening that ends
/// takes its origin with it.
#[derive(Debug)]
pub(super) struct Mint {
    origin: Origin,
    counter: u64,
}

impl Mint {
    pub(super) fn new(entropy: &mut dyn Entropy, shard: ShardId) -> Self {
        let origin = match planted_bug::is(PlantedBug::ReuseAnOrigin) {
            true => Origin(u64::from(shard.0) + 1),
            false => Origin(entropy.next_u64()),
        };
        Self { origin, counter: 0 }
    }

    pub(super) fn origin(&self) -> Origin {
        self.origin
    }

    pub(super) fn next(&mut self) -> Dot {
        self.counter += 1;
        Dot {
            origin: self.origin,
            counter: self.counter,
        }
    }

    /// A context can't have seen what was never minted.
    pub(super) fn check(&self, seen: &History) -> Result<(), ContextError> {
        let own = seen.dots().filter(|dot| dot.origin == self.origin);
        let single = own.map(|dot| dot.counter).max().unwrap_or(0);
        let claimed = seen.up_to(self.origin).max(single);
        if claimed > self.counter {
            let minted = self.counter;
            return Err(ContextError::Ahead { claimed, minted });
        }
        Ok(())
    }
}
