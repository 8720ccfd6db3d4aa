//! A put that is recorded.

use std::time::Duration;

use cartwheel_client::{Context, Error, Put, RequestId, Written};

use super::awaited;
use super::open_write::NewWrite;
use super::recorder::Recorder;
use crate::history::{BucketKey, NAME};

/// A put; await it.
#[must_use = "nothing is written until it is awaited"]
pub struct RecordedPut {
    put: Put,
    /// Its request id, unless one is given.
    drawn: RequestId,
    given: Option<RequestId>,
    key: BucketKey,
    text: String,
    context: Context,
    timeout: Option<Duration>,
    strict: bool,
    synced: bool,
    recorder: Recorder,
}

awaited!(RecordedPut => Result<Written, Error>);

impl RecordedPut {
    pub(super) fn new(
        (put, drawn): (Put, RequestId),
        key: BucketKey,
        text: String,
        recorder: Recorder,
    ) -> Self {
        Self {
            put: put.explain(),
            drawn,
            given: None,
            key,
            text,
            context: Context::default(),
            timeout: None,
            strict: true,
            synced: false,
            recorder,
        }
    }

    /// What the value replaces, as a read or write answered it.
    pub fn context(mut self, context: impl Into<Context>) -> Self {
        self.context = context.into();
        self
    }

    /// How long it may take, all attempts together.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How many owners must acknowledge. Of a put that asks fewer than its bucket does nothing
    /// is expected.
    pub fn w(mut self, w: u8) -> Self {
        self.strict = w == 0 || w >= self.recorder.policy.w;
        self.put = self.put.w(w);
        self
    }

    /// How many acknowledgements must be synced to disk, in a buffered bucket.
    pub fn dw(mut self, dw: u8) -> Self {
        self.synced = dw > 0;
        self.put = self.put.dw(dw);
        self
    }

    /// The name of the write. Puts of a key under one name are attempts of one put, and are judged
    /// as such.
    pub fn request_id(mut self, id: RequestId) -> Self {
        self.given = Some(id);
        self
    }

    /// The media type to keep with the value.
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.put = self.put.content_type(content_type);
        self
    }

    /// Writes.
    pub async fn send(self) -> Result<Written, Error> {
        let asked = self.recorder.ask(self.timeout);
        let name = self.recorder.name(&self.key, asked, self.given);
        let request = self.given.unwrap_or(self.drawn);
        let mut write = self.recorder.write(NewWrite {
            key: &self.key,
            request,
            value: Some((name.clone(), self.text)),
            seen: self.recorder.seen(&self.key, &self.context),
            asked,
            strict: self.strict,
        });
        write.counts_synced(self.synced);
        let put = self.put.context(self.context).timeout(asked.patience);
        let put = put.request_id(request).metadata(NAME, name);
        let answer = put.send().await;
        write.ended(&answer);
        answer
    }
}
