//! Reading a key.

use std::time::Duration;

use bytes::Bytes;
use cartwheel::message::client::{Get as GetMessage, QuorumOptions};

use crate::attempts::Effect;
use crate::bucket::Bucket;
use crate::error::Error;
use crate::object::{Context, Object};
use crate::options::{awaited, read_options};

/// A read; await it, or [`send`](Self::send) it.
#[derive(Clone, Debug)]
#[must_use = "nothing is read until it is awaited"]
pub struct Get {
    bucket: Bucket,
    key: Bytes,
    context: Context,
    options: QuorumOptions,
    timeout: Option<Duration>,
}

read_options!(Get);
awaited!(Get => Result<Object, Error>);

impl Get {
    pub(crate) fn new(bucket: Bucket, key: Bytes) -> Self {
        Self {
            bucket,
            key,
            context: Context::default(),
            options: QuorumOptions::default(),
            timeout: None,
        }
    }

    /// What was seen of the key before: the answer will cover it.
    pub fn context(mut self, context: impl Into<Context>) -> Self {
        self.context = context.into();
        self
    }

    /// Reads; as `.await`, without its allocation.
    pub async fn send(self) -> Result<Object, Error> {
        let message = GetMessage {
            bucket: self.bucket.name().to_owned(),
            key: self.key,
            context: self.context.to_bytes(),
            options: self.options,
        };
        let client = self.bucket.client();
        let time = client.time(self.timeout);
        let got = client.exchange().ask(&message, Effect::Read, time).await?;
        Ok(got.into())
    }
}
