//! `cartwheel import BUCKET PATH`.

use std::path::PathBuf;

use clap::Args;
use futures::{StreamExt, stream};
use tokio::sync::mpsc::Receiver;

use crate::arguments::Target;
use crate::connection;
use crate::failure::Failure;
use crate::output::Format;
use crate::policy::policy;
use crate::transfer::json_lines::HELP;
use crate::transfer::{
    self, CONCURRENCY, CONCURRENCY_MAX, FAILURES_MAX, Item, Outcome, Progress, Shape, Source,
    Summary, Writer,
};

/// Import a directory tree, or JSON lines
///
/// Afterwards the keys hold what was imported: each is read first, and what it held is
/// replaced; what is the same already is left alone, so that an import that was broken off
/// goes on where it was. Values over the bucket's limit are skipped and named.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Import {
    bucket: String,
    /// A directory, a file of JSON lines, or `-` for JSON lines on standard input
    path: PathBuf,
    /// What the path is; by default a directory is a tree, and everything else JSON lines
    #[arg(long, value_enum)]
    format: Option<Shape>,
    /// Comes before every key
    #[arg(long, default_value = "", value_name = "TEXT")]
    prefix: String,
    /// Put without reading first: faster, but keys that exist get siblings
    #[arg(long)]
    blind: bool,
    /// How many items are under way at once
    #[arg(long, value_name = "NUMBER", default_value_t = CONCURRENCY,
          value_parser = clap::value_parser!(u16).range(1..=CONCURRENCY_MAX))]
    concurrency: u16,
    /// Stop after so many failures
    #[arg(long, value_name = "NUMBER", default_value_t = FAILURES_MAX,
          value_parser = clap::value_parser!(u64).range(1..))]
    failures_max: u64,
}

impl Import {
    pub fn run(self, target: &Target, format: Option<Format>) -> Result<(), Failure> {
        let summary = connection::block_on(self.import(target))?;
        transfer::tell(&summary, "imported", format);
        summary.into_result()
    }

    async fn import(self, target: &Target) -> Result<Summary, Failure> {
        let client = target.connect().await?;
        let policy = policy(&client, &self.bucket).await?;
        let shape = self
            .format
            .unwrap_or_else(|| Shape::of_existing(&self.path));
        let source = Source::new(self.path.clone(), shape, self.prefix.clone(), &policy);
        let progress = Progress::start(self.failures_max, || source.count());
        let items = source.start().map_err(|cause| Failure::File {
            action: "read",
            path: self.path.clone(),
            cause,
        })?;
        let writer = Writer {
            bucket: client.bucket(&self.bucket),
            blind: self.blind,
        };
        Ok(self.write_all(&writer, items, progress).await)
    }

    async fn write_all(
        &self,
        writer: &Writer,
        items: Receiver<Result<Item, Outcome>>,
        mut progress: Progress,
    ) -> Summary {
        let items = stream::unfold(items, async |mut items| {
            let item = items.recv().await?;
            Some((item, items))
        });
        let outcomes = items.map(async |item| match item {
            Ok(item) => writer.write(item).await,
            Err(outcome) => outcome,
        });
        let mut outcomes = std::pin::pin!(outcomes.buffer_unordered(self.concurrency.into()));
        while let Some(outcome) = outcomes.next().await {
            if !progress.count(outcome) {
                break;
            }
        }
        progress.finish()
    }
}
