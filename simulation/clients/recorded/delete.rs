//! A delete that is recorded.

use std::time::Duration;

use cartwheel_client::{Context, Delete, Error, Written};

use super::awaited;
use super::recorder::Recorder;
use crate::history::BucketKey;

/// A delete; await it.
#[must_use = "nothing is deleted until it is awaited"]
pub struct RecordedDelete {
    delete: Delete,
    key: BucketKey,
    context: Context,
    timeout: Option<Duration>,
    strict: bool,
    recorder: Recorder,
}

awaited!(RecordedDelete => Result<Written, Error>);

impl RecordedDelete {
    pub(super) fn new(
        delete: Delete,
        key: BucketKey,
        context: Context,
        recorder: Recorder,
    ) -> Self {
        Self {
            delete: delete.explain(),
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

    /// Deletes.
    pub async fn send(self) -> Result<Written, Error> {
        let asked = self.recorder.ask(self.timeout);
        let covers = self.recorder.seen(&self.key, &self.context);
        let mut write = self
            .recorder
            .write(&self.key, None, covers, asked, self.strict);
        let answer = self.delete.timeout(asked.patience).send().await;
        write.ended(&answer);
        answer
    }
}
