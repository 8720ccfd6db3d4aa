//! Deleting what was seen.

use std::time::Duration;

use bytes::Bytes;
use cartwheel::message::client::{Delete as DeleteMessage, Deleted, QuorumOptions};
use cartwheel::version::RequestId;

use crate::attempts::Effect;
use crate::bucket::Bucket;
use crate::error::Error;
use crate::object::{Context, Written};
use crate::options::{awaited, write_options};

/// A delete; await it, or [`send`](Self::send) it.
///
/// It removes exactly what its context covers: a value written since survives.
#[derive(Clone, Debug)]
#[must_use = "nothing is deleted until it is awaited"]
pub struct Delete {
    bucket: Bucket,
    key: Bytes,
    context: Context,
    request_id: Option<RequestId>,
    options: QuorumOptions,
    timeout: Option<Duration>,
}

write_options!(Delete);
awaited!(Delete => Result<Written, Error>);

impl Delete {
    pub(crate) fn new(bucket: Bucket, key: Bytes, context: Context) -> Self {
        Self {
            bucket,
            key,
            context,
            request_id: None,
            options: QuorumOptions::default(),
            timeout: None,
        }
    }

    /// The name of the delete, instead of a new one that its retries alone share: see
    /// [`Put::request_id`](crate::Put::request_id). It matters where the last writer wins, since a
    /// delete is a version there, and one that comes too late removes what was put since; elsewhere
    /// one with the same context removes the same values however often it comes.
    pub fn request_id(mut self, id: RequestId) -> Self {
        self.request_id = Some(id);
        self
    }

    /// Deletes; as `.await`, without its allocation.
    pub async fn send(self) -> Result<Written, Error> {
        let client = self.bucket.client();
        let message = DeleteMessage {
            bucket: self.bucket.name().to_owned(),
            key: self.key,
            context: self.context.to_bytes(),
            request: client.request_id(self.request_id),
            options: self.options,
        };
        let time = client.time(self.timeout);
        let exchange = client.exchange();
        let deleted = exchange.ask_for_account(&message, Effect::Write, time);
        let deleted = deleted.await?;
        let Deleted { context, explain } = deleted.reply;
        Ok(Written::new(context, explain, deleted.in_doubt))
    }
}
