//! A bucket whose operations are recorded.

use bytes::Bytes;
use cartwheel::bucket::Bucket as Policy;
use cartwheel_client::{Bucket, Context, RequestId};

use super::recorder::Recorder;
use super::{RecordedDelete, RecordedGet, RecordedPut};

/// A bucket whose operations are recorded.
#[derive(Clone)]
pub struct RecordedBucket {
    bucket: Bucket,
    recorder: Recorder,
}

impl RecordedBucket {
    pub(super) fn new(bucket: Bucket, recorder: Recorder) -> Self {
        Self { bucket, recorder }
    }

    /// The same bucket, for somebody of another name.
    pub fn named(&self, client: impl Into<String>) -> Self {
        let mut named = self.clone();
        named.recorder.client = client.into();
        named
    }

    /// Its policy.
    pub fn policy(&self) -> &Policy {
        &self.recorder.policy
    }

    /// A new name for a write, which no other has.
    pub fn new_request_id(&self) -> RequestId {
        self.bucket.client().new_request_id()
    }

    /// Reads a key.
    pub fn get(&self, key: impl AsRef<str>) -> RecordedGet {
        let key = self.recorder.key(key.as_ref());
        RecordedGet::new(self.bucket.get(&*key.key), key, self.recorder.clone())
    }

    /// Writes a value. Two puts of the same bytes are told apart: each has a name of its own
    /// among the metadata, which reads don't show.
    pub fn put(&self, key: impl AsRef<str>, value: impl Into<Bytes>) -> RecordedPut {
        let (key, value) = (self.recorder.key(key.as_ref()), value.into());
        let text = String::from_utf8_lossy(&value).chars().take(64).collect();
        RecordedPut::new(
            (self.bucket.put(&*key.key, value), self.new_request_id()),
            key,
            text,
            self.recorder.clone(),
        )
    }

    /// Deletes what the context covers.
    pub fn delete(&self, key: impl AsRef<str>, context: impl Into<Context>) -> RecordedDelete {
        let (key, context) = (self.recorder.key(key.as_ref()), context.into());
        let delete = self.bucket.delete(&*key.key, &context);
        RecordedDelete::new(
            (delete, self.new_request_id()),
            key,
            context,
            self.recorder.clone(),
        )
    }
}
