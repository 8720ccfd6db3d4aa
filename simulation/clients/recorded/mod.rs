//! The real client, whose operations are recorded in the history: as the client is used, so is
//! this one.

mod batch;
mod bucket;
mod delete;
mod get;
mod list;
mod open_read;
mod open_write;
mod put;
mod recorder;
mod value_names;

use std::sync::Arc;

use cartwheel::bucket::Bucket;
use cartwheel_client::{Client, Error};

pub use batch::{RecordedDeleteBatch, RecordedGetBatch, RecordedPutBatch};
pub use bucket::RecordedBucket;
pub use delete::RecordedDelete;
pub use get::RecordedGet;
pub use list::RecordedList;
pub use put::RecordedPut;
pub(crate) use recorder::Recorder;

/// A client of a simulated cluster. What it reads and writes is recorded and judged.
#[derive(Clone)]
pub struct RecordedClient {
    client: Client,
    recorder: Recorder,
}

impl RecordedClient {
    pub(crate) fn new(client: Client, recorder: Recorder) -> Self {
        Self { client, recorder }
    }

    /// The bucket `default`, which every cluster has.
    pub fn bucket(&self) -> RecordedBucket {
        self.opened(&self.recorder.policy)
    }

    /// Creates a bucket, or opens it if it exists with this very policy. All members must be up.
    pub async fn create_bucket(&self, policy: Bucket) -> Result<RecordedBucket, Error> {
        let created = Arc::new(self.client.create_bucket(policy).await?);
        let recorder = &self.recorder;
        if !recorder.history.borrow_mut().opens(&created) {
            recorder.trace.fail(format!("{created:?} was another"));
        }
        recorder.happened("a bucket that was created");
        Ok(self.opened(&created))
    }

    /// A bucket that somebody has opened.
    pub(in crate::clients) fn known(&self, name: &str) -> Option<RecordedBucket> {
        let known = self.recorder.history.borrow().buckets.get(name).cloned();
        known.map(|policy| self.opened(&policy))
    }

    fn opened(&self, policy: &Arc<Bucket>) -> RecordedBucket {
        let bucket = self.client.bucket(&policy.name);
        RecordedBucket::new(bucket, self.recorder.of(policy))
    }

    /// The client without the recording, for all else that it can do. A value that is put with it
    /// into a bucket that a recording client has opened looks invented to whoever judges the run.
    pub fn unrecorded(&self) -> &Client {
        &self.client
    }
}

/// Lets a request be awaited as it is.
macro_rules! awaited {
    ($request:ident => $output:ty) => {
        impl std::future::IntoFuture for $request {
            type Output = $output;
            type IntoFuture = futures::future::LocalBoxFuture<'static, $output>;

            fn into_future(self) -> Self::IntoFuture {
                Box::pin(self.send())
            }
        }
    };
}

pub(crate) use awaited;
