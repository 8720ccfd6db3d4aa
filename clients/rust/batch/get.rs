//! Reading several keys.

use std::time::Duration;

use bytes::Bytes;
use cartwheel::message::client::{Get, GetBatch as GetBatchMessage, Got, QuorumOptions};

use super::Item;
use crate::attempts::Effect;
use crate::bucket::Bucket;
use crate::error::Error;
use crate::object::Object;
use crate::options::{awaited, read_options};

/// Reads of several keys, each with its own outcome, in the order of the keys.
#[derive(Clone, Debug)]
#[must_use = "nothing is read until it is awaited"]
pub struct GetBatch {
    bucket: Bucket,
    keys: Vec<Bytes>,
    options: QuorumOptions,
    timeout: Option<Duration>,
}

read_options!(GetBatch);
awaited!(GetBatch => Vec<Result<Object, Error>>);

impl Item for Get {
    type Batch = GetBatchMessage;
    type Done = Got;
    type Told = Object;
    const EFFECT: Effect = Effect::Read;

    fn batch(items: Vec<Self>) -> Self::Batch {
        GetBatchMessage { items }
    }

    fn told(got: Got, _: bool) -> Object {
        Object::from(got)
    }

    fn len(&self) -> usize {
        self.bucket.len() + self.key.len() + self.context.len() + size_of::<QuorumOptions>()
    }
}

impl GetBatch {
    pub(crate) fn new(bucket: Bucket, keys: Vec<Bytes>) -> Self {
        Self {
            bucket,
            keys,
            options: QuorumOptions::default(),
            timeout: None,
        }
    }

    /// Reads; as `.await`.
    pub async fn send(self) -> Vec<Result<Object, Error>> {
        let (name, options) = (self.bucket.name(), self.options);
        let items = self.keys.into_iter().map(|key| Get {
            bucket: name.to_owned(),
            key,
            context: Bytes::new(),
            options,
        });
        let client = self.bucket.client();
        let time = client.time(self.timeout);
        client.exchange().ask_batch(items.collect(), time).await
    }
}
