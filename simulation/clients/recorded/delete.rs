//! A delete that is recorded.

use std::time::Duration;

use cartwheel_client::{Context, Delete, Error, RequestId, Written};

use super::awaited;
use super::open_write::NewWrite;
use super::recorder::Recorder;
use crate::history::BucketKey;

/// A delete; await it.
#[must_use = "nothing is deleted until it is awaited"]
pub struct RecordedDelete {
    delete: Delete,
    request: RequestId,
    key: BucketKey,
    context: Context,
    timeout: Option<Duration>,
    strict: bool,
    recorder: Recorder,
}

awaited!(RecordedDelete => Result<Written, Error>);

impl RecordedDelete {
    pub(super) fn new(
        (delete, request): (Delete, RequestId),
        key: BucketKey,
        context: Context,
        recorder: Recorder,
    ) -> Self {
        Self {
            delete: delete.explain(),
            request,
            key,
            context,
            timeout: None,
            strict: true,
            recorder,
        }
    }

    /// How long it may take, all attempts together.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How many owners must acknowledge. Of a delete that asks fewer than its bucket does
    /// nothing is expected.
    pub fn w(mut self, w: u8) -> Self {
        self.strict = w == 0 || w >= self.recorder.policy.w;
        self.delete = self.delete.w(w);
        self
    }

    /// The name of the delete. Deletes of a key under one name are attempts of one delete, and are
    /// judged as such.
    pub fn request_id(mut self, id: RequestId) -> Self {
        self.request = id;
        self
    }

    /// Deletes.
    pub async fn send(self) -> Result<Written, Error> {
        let asked = self.recorder.ask(self.timeout);
        let mut write = self.recorder.write(NewWrite {
            key: &self.key,
            request: self.request,
            value: None,
            seen: self.recorder.seen(&self.key, &self.context),
            asked,
            strict: self.strict,
        });
        let delete = self.delete.request_id(self.request);
        let answer = delete.timeout(asked.patience).send().await;
        write.ended(&answer);
        answer
    }
}
