//! A read that is recorded.

use std::time::Duration;

use cartwheel_client::{Context, Error, Get, Object};

use super::awaited;
use super::recorder::Recorder;
use super::value_names::{names, without_names};
use crate::history::BucketKey;

/// A read; await it.
#[must_use = "nothing is read until it is awaited"]
pub struct RecordedGet {
    get: Get,
    key: BucketKey,
    context: Context,
    timeout: Option<Duration>,
    strict: bool,
    recorder: Recorder,
}

awaited!(RecordedGet => Result<Object, Error>);

impl RecordedGet {
    pub(super) fn new(get: Get, key: BucketKey, recorder: Recorder) -> Self {
        Self {
            get: match recorder.counts {
                true => get.explain(),
                false => get,
            },
            key,
            context: Context::default(),
            timeout: None,
            strict: true,
            recorder,
        }
    }

    /// What was seen of the key before: the answer will cover it.
    pub fn context(mut self, context: impl Into<Context>) -> Self {
        self.context = context.into();
        self
    }

    /// How long it may take, all attempts together.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How many owners must answer. Of a read that asks fewer than its bucket does nothing is
    /// expected.
    pub fn r(mut self, r: u8) -> Self {
        self.strict = r == 0 || r >= self.recorder.policy.r;
        self.get = self.get.r(r);
        self
    }

    /// Reads.
    pub async fn send(self) -> Result<Object, Error> {
        let (mut object, _) = self.found().await?;
        without_names(&mut object);
        Ok(object)
    }

    /// The names of the values that it finds.
    pub(in crate::clients) async fn names(self) -> Result<Vec<String>, Error> {
        Ok(self.found().await?.1)
    }

    async fn found(self) -> Result<(Object, Vec<String>), Error> {
        let asked = self.recorder.ask(self.timeout);
        let seen = self.recorder.seen(&self.key, &self.context);
        let mut read = self.recorder.read(&self.key, seen, asked, self.strict);
        let get = self.get.context(self.context).timeout(asked.patience);
        let answer = get.send().await;
        match &answer {
            Ok(object) => read.answered(names(object), object),
            Err(error) => read.failed(error),
        }
        let object = answer?;
        let names = names(&object);
        Ok((object, names))
    }
}
