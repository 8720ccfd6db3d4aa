//! The five things that a node is given, so that the same actors run for real and under
//! simulation: network, clock, entropy, shards, and the store with its committer.

mod clock;
mod entropy;
mod network;
mod shards;

use std::sync::Arc;

use cartwheel::store::ReplicaStore;

pub use clock::{Clock, MonotonicClock};
pub use entropy::{EntropySource, OsEntropy, SeededEntropy};
pub use network::{Arriving, Listener, Network, Stream, TcpNetwork};
pub use shards::{ArbiterShards, LocalShards, Shards};

/// What surrounds a node.
#[derive(Clone)]
pub struct Shell {
    /// Listening and connecting.
    pub network: Arc<dyn Network>,
    /// Monotonic and wall time.
    pub clock: Arc<dyn Clock>,
    /// Random numbers.
    pub entropy: Arc<dyn EntropySource>,
    /// Where shards run.
    pub shards: Arc<dyn Shards>,
    /// Where records lie.
    pub store: Arc<dyn ReplicaStore>,
}
