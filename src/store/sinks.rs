//! Which sink a shard's completions go to, for every store the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Completion, CompletionSink};
use crate::node::ShardId;

/// The sink of each shard that is attached.
#[derive(Default)]
pub struct Sinks {
    attached: BTreeMap<ShardId, Arc<dyn CompletionSink>>,
}

impl Sinks {
    /// Names the sink for what the shard submits from now on.
    pub fn attach(&mut self, shard: ShardId, sink: Arc<dyn CompletionSink>) {
        self.attached.insert(shard, sink);
    }

    /// The sink for what the shard submits now; a shard that was never attached is not told.
    pub fn of(&self, shard: ShardId) -> Arc<dyn CompletionSink> {
        let attached = self.attached.get(&shard).cloned();
        attached.unwrap_or_else(|| Arc::new(Nobody))
    }
}

struct Nobody;

impl CompletionSink for Nobody {
    fn complete(&self, _: Vec<Completion>) {}
}
