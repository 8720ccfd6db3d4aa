//! `cartwheel export BUCKET PATH`.

use std::path::PathBuf;

use bytes::Bytes;
use cartwheel_client::{Bucket, Error, Object};
use clap::Args;
use futures::stream::{self, Stream, StreamExt, TryStreamExt};

use crate::arguments::Target;
use crate::connection;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::transfer::{
    CONCURRENCY, CONCURRENCY_MAX, FAILURES_MAX, Item, Named, Outcome, Progress, STANDARD_STREAM,
    Shape, Sink, Summary,
};

/// Export a bucket as a directory tree, or as JSON lines
///
/// Nothing that exists is replaced: the directory must be empty or new, the file new. Siblings
/// become files NAME.sibling-1, NAME.sibling-2, …, or lines of their own.
#[derive(Debug, Args)]
pub struct Export {
    bucket: String,
    /// A directory, a file of JSON lines, or `-` for JSON lines on standard output
    path: PathBuf,
    /// What to write; by default `-`, *.jsonl and *.ndjson are JSON lines, all else is a tree
    #[arg(long, value_enum)]
    format: Option<Shape>,
    /// How many items are under way at once
    #[arg(long, value_name = "NUMBER", default_value_t = CONCURRENCY,
          value_parser = clap::value_parser!(u16).range(1..=CONCURRENCY_MAX))]
    concurrency: u16,
    /// Stop after so many failures
    #[arg(long, value_name = "NUMBER", default_value_t = FAILURES_MAX)]
    failures_max: u64,
}

/// What an export came to.
struct Exported {
    summary: Summary,
    incomplete: Vec<u16>,
}

impl Export {
    pub fn run(self, target: &Target, format: Option<Format>) -> Result<(), Failure> {
        let exported = connection::block_on(self.export(target))?;
        let summary = exported.summary;
        match self.path.as_os_str() == STANDARD_STREAM {
            // Standard output holds the export.
            true => output::note(&summary.as_text("exported")),
            false => output::show(format, &summary, |summary| summary.as_text("exported"))?,
        }
        summary.into_result()?;
        match exported.incomplete {
            missing if missing.is_empty() => Ok(()),
            partitions => Err(Failure::Incomplete { partitions }),
        }
    }

    async fn export(&self, target: &Target) -> Result<Exported, Failure> {
        let bucket = target.connect().await?.bucket(&self.bucket);
        let shape = self.format.unwrap_or_else(|| Shape::by_name(&self.path));
        let mut sink = Sink::open(&self.path, shape)?;
        let mut progress = Progress::start(|| None);
        let mut incomplete = Vec::new();
        let mut pages = bucket.list().pages();
        while let Some(page) = pages.try_next().await? {
            incomplete.extend(page.incomplete);
            let mut objects = std::pin::pin!(self.objects(&bucket, page.keys));
            while let Some((key, object)) = objects.next().await {
                progress.count(exported(&mut sink, key, object));
            }
            if progress.failed() >= self.failures_max {
                break;
            }
        }
        sink.finish()?;
        let summary = progress.finish();
        Ok(Exported {
            summary,
            incomplete,
        })
    }

    fn objects(
        &self,
        bucket: &Bucket,
        keys: Vec<Bytes>,
    ) -> impl Stream<Item = (Bytes, Result<Object, Error>)> {
        let objects = stream::iter(keys).map(move |key| async move {
            let object = bucket.get(&key).send().await;
            (key, object)
        });
        objects.buffer_unordered(self.concurrency.into())
    }
}

/// What became of a key.
fn exported(sink: &mut Sink, key: Bytes, object: Result<Object, Error>) -> Outcome {
    let name = output::readable(&key);
    match object {
        Ok(object) if object.is_absent() => Outcome::Gone,
        Ok(object) => {
            let values = object.values.into_iter().map(Into::into).collect();
            sink.write(Item { name, key, values })
        }
        Err(error) => Outcome::Failed(Named::new(name, error)),
    }
}
