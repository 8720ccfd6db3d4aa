//! Where the actors of a shard run, and those of an extension.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use actix_rt::{Arbiter, ArbiterHandle};
use cartwheel::node::ShardId;

/// Runs what belongs to a shard where the shard lives; everything it spawns stays there.
pub trait Shards: Send + Sync {
    /// Runs something on a shard, which begins with the first.
    fn run(&self, shard: ShardId, work: Box<dyn FnOnce() + Send>);

    /// Runs something where an extension lives, which begins with the first: apart from shards and
    /// other extensions, so that nobody waits where it blocks.
    fn run_extension(&self, extension: &'static str, work: Box<dyn FnOnce() + Send>);

    /// Ends all shards and extensions, and waits for none of them.
    fn stop(&self);
}

/// A thread with an event loop a shard, and one an extension.
#[derive(Debug, Default)]
pub struct ArbiterShards {
    shards: Mutex<Arbiters<ShardId>>,
    extensions: Mutex<Arbiters<&'static str>>,
}

/// Those that have begun; whoever stops them waits for none, as a blocked one would never end.
#[derive(Debug)]
struct Arbiters<K> {
    running: BTreeMap<K, ArbiterHandle>,
    stopped: bool,
}

impl<K> Default for Arbiters<K> {
    fn default() -> Self {
        Self {
            running: BTreeMap::new(),
            stopped: false,
        }
    }
}

impl Shards for ArbiterShards {
    fn run(&self, shard: ShardId, work: Box<dyn FnOnce() + Send>) {
        run_on(&self.shards, shard, work);
    }

    fn run_extension(&self, extension: &'static str, work: Box<dyn FnOnce() + Send>) {
        run_on(&self.extensions, extension, work);
    }

    fn stop(&self) {
        stop_all(&self.extensions);
        stop_all(&self.shards);
    }
}

fn run_on<K: Ord>(arbiters: &Mutex<Arbiters<K>>, key: K, work: Box<dyn FnOnce() + Send>) {
    let mut arbiters = arbiters.lock().unwrap_or_else(PoisonError::into_inner);
    if arbiters.stopped {
        // Dropped, as what was on its way when they ended.
        return;
    }
    let arbiter = arbiters
        .running
        .entry(key)
        .or_insert_with(|| Arbiter::new().handle());
    arbiter.spawn_fn(work);
}

fn stop_all<K: Ord>(arbiters: &Mutex<Arbiters<K>>) {
    let mut arbiters = arbiters.lock().unwrap_or_else(PoisonError::into_inner);
    arbiters.stopped = true;
    for arbiter in std::mem::take(&mut arbiters.running).into_values() {
        arbiter.stop();
    }
}

/// Every shard and extension on the event loop of the caller: a node within a simulation, or a
/// test.
#[derive(Debug, Default)]
pub struct LocalShards;

impl Shards for LocalShards {
    fn run(&self, _shard: ShardId, work: Box<dyn FnOnce() + Send>) {
        work();
    }

    fn run_extension(&self, _extension: &'static str, work: Box<dyn FnOnce() + Send>) {
        work();
    }

    fn stop(&self) {}
}
