//! A put that is recorded.

use std::time::Duration;

use cartwheel_client::{Context, Error, Put, Written};

use super::awaited;
use super::recorder::Recorder;
use crate::history::{BucketKey, NAME};

/// A put; await it.
#[must_use = "nothing is written until it is awaited"]
pub struct RecordedPut {
    put: Put,
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
    pub(super) fn new(put: Put, key: BucketKey, text: String, recorder: Recorder) -> Self {
        Self {
            put: put.explain(),
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

    /// The media type to keep with the value.
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.put = self.put.content_type(content_type);
        self
    }

    /// Writes.
    pub async fn send(self) -> Result<Written, Error> {
        let asked = self.recorder.ask(self.timeout);
        let covers = self.recorder.seen(&self.key, &self.context);
        let name = self.recorder.name(asked);
        let value = Some((name.clone(), self.text));
        let mut write = self
            .recorder
            .write(&self.key, value, covers, asked, self.strict);
        write.counts_synced(self.synced);
        let put = self.put.context(self.context).timeout(asked.patience);
        let answer = put.metadata(NAME, name).send().await;
        write.ended(&answer);
        answer
    }
}
