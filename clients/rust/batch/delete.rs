//! Deleting from several keys.

use std::time::Duration;

use bytes::Bytes;
use cartwheel::message::client::{
    Delete, DeleteBatch as DeleteBatchMessage, Deleted, QuorumOptions,
};
use cartwheel::version::RequestId;

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
    items: Vec<DeleteItem>,
    options: QuorumOptions,
    timeout: Option<Duration>,
}

write_options!(DeleteBatch);
awaited!(DeleteBatch => Vec<Result<Written, Error>>);

/// One delete of a batch; a key and a context are one, too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteItem {
    /// The key.
    pub key: Bytes,
    /// What it removes.
    pub context: Context,
    /// Its name, or nothing: a new one.
    pub request_id: Option<RequestId>,
}

impl DeleteItem {
    /// A delete of what the context covers.
    pub fn new(key: impl AsRef<[u8]>, context: impl Into<Context>) -> Self {
        Self {
            key: Bytes::copy_from_slice(key.as_ref()),
            context: context.into(),
            request_id: None,
        }
    }

    /// The name of the delete: see [`Delete::request_id`](crate::Delete::request_id).
    #[must_use]
    pub fn request_id(mut self, id: RequestId) -> Self {
        self.request_id = Some(id);
        self
    }

    fn message(self, bucket: &Bucket, options: QuorumOptions) -> Delete {
        Delete {
            bucket: bucket.name().to_owned(),
            key: self.key,
            context: self.context.to_bytes(),
            request: bucket.client().request_id(self.request_id),
            options,
        }
    }
}

impl<K: AsRef<[u8]>, C: Into<Context>> From<(K, C)> for DeleteItem {
    fn from((key, context): (K, C)) -> Self {
        Self::new(key, context)
    }
}

impl Item for Delete {
    type Batch = DeleteBatchMessage;
    type Done = Deleted;
    type Told = Written;
    const EFFECT: Effect = Effect::Write;

    fn batch(items: Vec<Self>) -> Self::Batch {
        DeleteBatchMessage { items }
    }

    fn told(done: Deleted, in_doubt: bool) -> Written {
        Written::new(done.context, done.explain, in_doubt)
    }

    fn len(&self) -> usize {
        let data = self.bucket.len() + self.key.len() + self.context.len();
        data + size_of_val(&self.request) + size_of::<QuorumOptions>()
    }
}

impl DeleteBatch {
    pub(crate) fn new(bucket: Bucket, items: Vec<DeleteItem>) -> Self {
        Self {
            bucket,
            items,
            options: QuorumOptions::default(),
            timeout: None,
        }
    }

    /// Deletes; as `.await`.
    pub async fn send(self) -> Vec<Result<Written, Error>> {
        let items = self.items.into_iter();
        let items = items.map(|item| item.message(&self.bucket, self.options));
        let client = self.bucket.client();
        let time = client.time(self.timeout);
        client.exchange().ask_batch(items.collect(), time).await
    }
}
