//! Where the actors of a shard run.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use actix_rt::{Arbiter, ArbiterHandle};
use cartwheel::node::ShardId;

/// Runs what belongs to a shard where the shard lives; everything it spawns stays there.
pub trait Shards: Send + Sync {
    /// Runs something on a shard, which begins with the first.
    fn run(&self, shard: ShardId, work: Box<dyn FnOnce() + Send>);

    /// Ends all shards.
    fn stop(&self);
}

/// A thread with an event loop a shard.
#[derive(Debug, Default)]
pub struct ArbiterShards {
    arbiters: Mutex<BTreeMap<ShardId, ArbiterHandle>>,
}

impl Shards for ArbiterShards {
    fn run(&self, shard: ShardId, work: Box<dyn FnOnce() + Send>) {
        let mut arbiters = self.arbiters.lock().unwrap_or_else(PoisonError::into_inner);
        let arbiter = arbiters
            .entry(shard)
            .or_insert_with(|| Arbiter::new().handle());
        arbiter.spawn_fn(work);
    }

    fn stop(&self) {
        let mut arbiters = self.arbiters.lock().unwrap_or_else(PoisonError::into_inner);
        for arbiter in std::mem::take(&mut *arbiters).into_values() {
            arbiter.stop();
        }
    }
}

/// Every shard on the event loop of the caller: a node within a simulation, or a test.
#[derive(Debug, Default)]
pub struct LocalShards;

impl Shards for LocalShards {
    fn run(&self, _shard: ShardId, work: Box<dyn FnOnce() + Send>) {
        work();
    }

    fn stop(&self) {}
}
