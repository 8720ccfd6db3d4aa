//! Writing a value.

use std::time::Duration;

use bytes::Bytes;
use cartwheel::message::client::{Put as PutMessage, PutDone, QuorumOptions};
use cartwheel::version::{Attributes, RequestId};

use crate::attempts::Effect;
use crate::bucket::Bucket;
use crate::error::Error;
use crate::object::{Context, Written};
use crate::options::{awaited, write_options};

/// A write; await it, or [`send`](Self::send) it.
///
/// Without a context it replaces nothing: values that exist become its siblings.
#[derive(Clone, Debug)]
#[must_use = "nothing is written until it is awaited"]
pub struct Put {
    bucket: Bucket,
    key: Bytes,
    value: Bytes,
    context: Context,
    attributes: Attributes,
    request_id: Option<RequestId>,
    options: QuorumOptions,
    timeout: Option<Duration>,
}

write_options!(Put);
awaited!(Put => Result<Written, Error>);

impl Put {
    pub(crate) fn new(bucket: Bucket, key: Bytes, value: Bytes) -> Self {
        Self {
            bucket,
            key,
            value,
            context: Context::default(),
            attributes: Attributes::default(),
            request_id: None,
            options: QuorumOptions::default(),
            timeout: None,
        }
    }

    /// What the value replaces, as a read or write answered it.
    pub fn context(mut self, context: impl Into<Context>) -> Self {
        self.context = context.into();
        self
    }

    /// The media type to keep with the value.
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.attributes.content_type = content_type.into();
        self
    }

    /// A name and a value of one's own to keep with the value.
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes.metadata.push((name.into(), value.into()));
        self
    }

    /// The name of the write, instead of a new one that its retries alone share.
    ///
    /// For who tries again by itself, after its own restart too: draw a name with
    /// [`Client::new_request_id`](crate::Client::new_request_id), keep it with what is to be
    /// written, and send the same value with the same context under it, with any client and to
    /// any node, until one attempt is answered. Attempts that meet are one write: a node answers
    /// a later one as it did the first, and the value never becomes a sibling of itself.
    ///
    /// They meet as long as the value stands: until then there is no limit of time. Once another
    /// write has replaced it, only the shard of the node that took it knows the name, for its next
    /// 4096 writes, and until it starts again or meets a corrupt record. An attempt that comes later
    /// than that is a new write. Its value comes back beside the one that replaced it, a conflict
    /// like any other; but where the last writer wins it is the newest, and takes the place of what
    /// was written since, so read before you send it so late.
    ///
    /// Attempts that two nodes took while they did not reach each other are two versions until a
    /// read or a write brings them together. Who replaces or deletes the one that was answered
    /// before that may find the other again.
    ///
    /// An error speaks of its own attempts alone: that nothing was written
    /// ([`Error::outcome_is_unknown`](crate::Error::outcome_is_unknown)) does not mean that nothing
    /// of an earlier request under the name was kept.
    ///
    /// A name belongs to one write. Another value under a name that a node knows for the same key
    /// is answered as if it were kept, and is not.
    pub fn request_id(mut self, id: RequestId) -> Self {
        self.request_id = Some(id);
        self
    }

    /// Writes; as `.await`, without its allocation.
    pub async fn send(self) -> Result<Written, Error> {
        let client = self.bucket.client();
        let message = PutMessage {
            bucket: self.bucket.name().to_owned(),
            key: self.key,
            value: self.value,
            context: self.context.to_bytes(),
            request: client.request_id(self.request_id),
            attributes: boxed(self.attributes),
            options: self.options,
        };
        let time = client.time(self.timeout);
        let exchange = client.exchange();
        let put = exchange.ask_for_account(&message, Effect::Write, time);
        let put = put.await?;
        let PutDone { context, explain } = put.reply;
        Ok(Written::new(context, explain, put.in_doubt))
    }
}

/// Attributes as the message has them: none at all if they are empty.
pub(crate) fn boxed(attributes: Attributes) -> Option<Box<Attributes>> {
    (!attributes.is_empty()).then(|| Box::new(attributes))
}
