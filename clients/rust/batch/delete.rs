//! Deleting from several keys.

use std::time::Duration;

use bytes::Bytes;
use cartwheel::message::client::{
    Delete, DeleteBatch as DeleteBatchMessage, Deleted, QuorumOptions,
};

use super::Item;
use crate::attempts::Effect;
use crate::bucket::Bucket;
use crate::error::Error;
use crate::object::{Context, Written};
use crate::options::{awaited, write_options};

/// Deletes from several keys, each with its own outcome, in the order of the items.
#[derive(Clone, Debug)]
#[must_use = "nothing is deleted until it is awaited"]
pub struct DeleteBatch {
    bucket: Bucket,
    items: Vec<(Bytes, Context)>,
    options: QuorumOptions,
    timeout: Option<Duration>,
}

write_options!(DeleteBatch);
awaited!(DeleteBatch => Vec<Result<Written, Error>>);

impl Item for Delete {
    type Batch = DeleteBatchMessage;
    type Done = Deleted;
    const EFFECT: Effect = Effect::Write;

    fn batch(items: Vec<Self>) -> Self::Batch {
        DeleteBatchMessage { items }
    }

    fn len(&self) -> usize {
        let data = self.bucket.len() + self.key.len() + self.context.len();
        data + size_of_val(&self.request) + size_of::<QuorumOptions>()
    }
}

impl DeleteBatch {
    pub(crate) fn new(bucket: Bucket, items: Vec<(Bytes, Context)>) -> Self {
        Self {
            bucket,
            items,
            options: QuorumOptions::default(),
            timeout: None,
        }
    }

    /// Deletes; as `.await`.
    pub async fn send(self) -> Vec<Result<Written, Error>> {
        let (client, name) = (self.bucket.client(), self.bucket.name());
        let items = self.items.into_iter().map(|(key, context)| Delete {
            bucket: name.to_owned(),
            key,
            context: context.to_bytes(),
            request: client.request_id(),
            options: self.options,
        });
        let time = client.time(self.timeout);
        let outcomes = client.exchange().ask_batch(items.collect(), time).await;
        let written = |done: Deleted| Written::new(done.context, done.explain);
        outcomes
            .into_iter()
            .map(|outcome| outcome.map(written))
            .collect()
    }
}
