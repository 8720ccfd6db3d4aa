//! The real client, whose operations are recorded in the history: as the client is used, so is
//! this one.

mod bucket;
mod delete;
mod get;
mod put;
mod recorder;

use cartwheel_client::Client;

pub use bucket::RecordedBucket;
pub use delete::RecordedDelete;
pub use get::RecordedGet;
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
        RecordedBucket::new(self.client.bucket("default"), self.recorder.clone())
    }

    /// The client without the recording, for all else that it can do. A value that is put with it
    /// into `default` looks invented to whoever judges the run.
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
