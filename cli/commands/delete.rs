//! `cartwheel delete BUCKET KEY`.

use std::ffi::OsString;

use bytes::Bytes;
use cartwheel_client::{Bucket, Context, Written};
use clap::Args;
use serde::Serialize;

use crate::arguments::Target;
use crate::connection;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::request_options::RequestOptions;
use crate::tokens;

/// Delete what was seen of a key
///
/// With --context exactly what it covers: a value written since then survives. Without it, the
/// key is read first and what it holds now is deleted; ends with 1 if that is nothing.
#[derive(Debug, Args)]
pub struct Delete {
    /// The bucket
    bucket: String,
    /// The key, any bytes
    key: OsString,
    #[command(flatten)]
    options: RequestOptions,
}

#[derive(Serialize)]
struct Report {
    context: String,
}

impl Delete {
    pub fn run(self, target: &Target, format: Option<Format>) -> Result<(), Failure> {
        let deleted = connection::block_on(self.delete(target))?;
        let context = tokens::token(&deleted.context);
        match format {
            Some(Format::Json) => output::json(&Report { context }),
            Some(Format::Table) => output::line(&format!("context {context}")),
            None => Ok(()),
        }
    }

    async fn delete(&self, target: &Target) -> Result<Written, Failure> {
        let bucket = target.connect().await?.bucket(&self.bucket);
        let key = tokens::word(self.key.clone());
        let context = match self.options.context() {
            Some(given) => given,
            None => self.read(&bucket, &key).await?,
        };
        let request = self.options.delete(bucket.delete(key, context));
        request.send().await.map_err(Failure::Write)
    }

    async fn read(&self, bucket: &Bucket, key: &Bytes) -> Result<Context, Failure> {
        let object = self.options.read(bucket.get(key)).send().await?;
        match object.is_absent() {
            false => Ok(object.context),
            true => Err(Failure::NotFound {
                bucket: self.bucket.clone(),
                key: output::readable(key),
            }),
        }
    }
}
