//! Writing several values.

use std::time::Duration;

use bytes::Bytes;
use cartwheel::message::client::{Put, PutBatch as PutBatchMessage, PutDone, QuorumOptions};
use cartwheel::version::{Attributes, RequestId};

use super::Item;
use crate::attempts::Effect;
use crate::bucket::Bucket;
use crate::error::Error;
use crate::object::{Context, Written};
use crate::options::{awaited, write_options};
use crate::put::boxed;

/// Writes of several values, each with its own outcome, in the order of the items.
#[derive(Clone, Debug)]
#[must_use = "nothing is written until it is awaited"]
pub struct PutBatch {
    bucket: Bucket,
    items: Vec<PutItem>,
    options: QuorumOptions,
    timeout: Option<Duration>,
}

write_options!(PutBatch);
awaited!(PutBatch => Vec<Result<Written, Error>>);

/// One write of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PutItem {
    /// The key.
    pub key: Bytes,
    /// The value.
    pub value: Bytes,
    /// What it replaces; empty: nothing.
    pub context: Context,
    /// Content type and metadata to keep with it.
    pub attributes: Attributes,
    /// Its name, or nothing: a new one.
    pub request_id: Option<RequestId>,
}

impl PutItem {
    /// A value for a key, that replaces nothing.
    pub fn new(key: impl AsRef<[u8]>, value: impl Into<Bytes>) -> Self {
        Self {
            key: Bytes::copy_from_slice(key.as_ref()),
            value: value.into(),
            ..Self::default()
        }
    }

    /// What the value replaces, as a read or write answered it.
    #[must_use]
    pub fn context(mut self, context: impl Into<Context>) -> Self {
        self.context = context.into();
        self
    }

    /// The media type to keep with the value.
    #[must_use]
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.attributes.content_type = content_type.into();
        self
    }

    /// The name of the write: see [`Put::request_id`](crate::Put::request_id).
    #[must_use]
    pub fn request_id(mut self, id: RequestId) -> Self {
        self.request_id = Some(id);
        self
    }

    fn message(self, bucket: &Bucket, options: QuorumOptions) -> Put {
        Put {
            bucket: bucket.name().to_owned(),
            key: self.key,
            value: self.value,
            context: self.context.to_bytes(),
            request: bucket.client().request_id(self.request_id),
            attributes: boxed(self.attributes),
            options,
        }
    }
}

impl Item for Put {
    type Batch = PutBatchMessage;
    type Done = PutDone;
    type Told = Written;
    const EFFECT: Effect = Effect::Write;

    fn batch(items: Vec<Self>) -> Self::Batch {
        PutBatchMessage { items }
    }

    fn told(done: PutDone, in_doubt: bool) -> Written {
        Written::new(done.context, done.explain, in_doubt)
    }

    fn len(&self) -> usize {
        let attributes = self.attributes.as_ref();
        let attributes = attributes.map_or(0, |attributes| attributes.len());
        let data = self.bucket.len() + self.key.len() + self.value.len() + self.context.len();
        data + attributes + size_of_val(&self.request) + size_of::<QuorumOptions>()
    }
}

impl PutBatch {
    pub(crate) fn new(bucket: Bucket, items: Vec<PutItem>) -> Self {
        Self {
            bucket,
            items,
            options: QuorumOptions::default(),
            timeout: None,
        }
    }

    /// Writes; as `.await`.
    pub async fn send(self) -> Vec<Result<Written, Error>> {
        let items = self.items.into_iter();
        let items = items.map(|item| item.message(&self.bucket, self.options));
        let client = self.bucket.client();
        let time = client.time(self.timeout);
        client.exchange().ask_batch(items.collect(), time).await
    }
}
