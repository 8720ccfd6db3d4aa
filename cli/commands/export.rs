//! `cartwheel export BUCKET PATH`.

use std::io;
use std::path::PathBuf;

use bytes::Bytes;
use cartwheel_client::{Bucket, Error, Object};
use clap::Args;
use futures::stream::{self, Stream, StreamExt, TryStreamExt};

use crate::arguments::Target;
use crate::connection;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::policy::policy;
use crate::transfer::json_lines::HELP;
use crate::transfer::{
    self, CONCURRENCY, CONCURRENCY_MAX, FAILURES_MAX, Item, Named, Outcome, Progress,
    STANDARD_STREAM, Shape, Sink, Summary,
};

/// Export a bucket as a directory tree, or as JSON lines
///
/// Nothing that exists is replaced: the directory must be empty or new, the file new. Siblings
/// become files NAME.sibling-1, NAME.sibling-2, …, or lines of their own.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Export {
    /// The bucket to read from; it has to exist
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
    #[arg(long, value_name = "NUMBER", default_value_t = FAILURES_MAX,
          value_parser = clap::value_parser!(u64).range(1..))]
    failures_max: u64,
}

/// What an export came to.
struct Exported {
    summary: Summary,
    incomplete: Vec<u16>,
    /// Why no more could be written.
    broken: Option<Failure>,
}

impl Exported {
    /// Whether it failed before anything came of it.
    fn is_nothing(&self) -> bool {
        self.summary.transferred == 0 && (self.summary.failed > 0 || self.broken.is_some())
    }
}

impl Export {
    pub fn run(self, target: &Target, format: Option<Format>) -> Result<(), Failure> {
        self.shape().check(&self.path)?;
        let exported = connection::block_on(self.export(target))?;
        // How much of what was counted arrived is not known then.
        if let Some(broken) = exported.broken {
            return Err(broken);
        }
        let summary = exported.summary;
        match self.path.as_os_str() == STANDARD_STREAM {
            // Standard output holds the export.
            true => output::note(&summary.as_text("exported")),
            false => transfer::tell(&summary, "exported", format),
        }
        summary.into_result()?;
        match exported.incomplete {
            missing if missing.is_empty() => Ok(()),
            partitions => Err(Failure::Incomplete { partitions }),
        }
    }

    async fn export(&self, target: &Target) -> Result<Exported, Failure> {
        let client = target.connect().await?;
        // One that does not exist must not leave an empty place behind.
        policy(&client, &self.bucket).await?;
        let bucket = client.bucket(&self.bucket);
        let mut sink = Sink::open(&self.path, self.shape())?;
        let exported = self.export_to(&mut sink, &bucket).await;
        if exported.as_ref().map_or(true, Exported::is_nothing) {
            sink.withdraw();
        }
        exported
    }

    async fn export_to(&self, sink: &mut Sink, bucket: &Bucket) -> Result<Exported, Failure> {
        let mut progress = Progress::start(self.failures_max, || None);
        let mut incomplete = Vec::new();
        let mut pages = bucket.list().pages();
        let mut written = Ok(true);
        while matches!(written, Ok(true))
            && let Some(page) = pages.try_next().await?
        {
            incomplete.extend(page.incomplete);
            let objects = self.objects(bucket, page.keys);
            written = write_page(sink, objects, &mut progress).await;
        }
        let broken = written.and_then(|_| sink.finish()).err();
        Ok(Exported {
            summary: progress.finish(),
            incomplete,
            broken: broken.map(|cause| self.broken(cause)),
        })
    }

    fn shape(&self) -> Shape {
        self.format.unwrap_or_else(|| Shape::by_name(&self.path))
    }

    fn broken(&self, cause: io::Error) -> Failure {
        let path = match self.path.as_os_str() == STANDARD_STREAM {
            true if cause.kind() == io::ErrorKind::BrokenPipe => return Failure::ReaderGone,
            true => PathBuf::from("standard output"),
            false => self.path.clone(),
        };
        let action = "export to";
        Failure::File {
            action,
            path,
            cause,
        }
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

/// Writes the objects of a page. Whether to go on with the next.
async fn write_page(
    sink: &mut Sink,
    objects: impl Stream<Item = (Bytes, Result<Object, Error>)>,
    progress: &mut Progress,
) -> io::Result<bool> {
    let mut objects = std::pin::pin!(objects);
    while let Some((key, object)) = objects.next().await {
        if !progress.count(exported(sink, key, object)?) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What became of a key.
fn exported(sink: &mut Sink, key: Bytes, object: Result<Object, Error>) -> io::Result<Outcome> {
    let name = output::readable(&key);
    match object {
        Ok(object) if object.is_absent() => Ok(Outcome::Gone),
        Ok(object) => {
            let values = object.values.into_iter().map(Into::into).collect();
            sink.write(Item { name, key, values })
        }
        Err(error) => Ok(Outcome::Failed(Named::new(name, error))),
    }
}
