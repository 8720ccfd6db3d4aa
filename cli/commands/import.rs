//! `cartwheel import BUCKET PATH`.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use cartwheel_client::Client;
use clap::{Args, ValueHint};
use futures::stream::{self, Stream, StreamExt};
use tokio::sync::mpsc::Receiver;
use tokio::task::spawn_blocking;

use crate::arguments::Target;
use crate::connection;
use crate::failure::{Failure, UsageError};
use crate::output::{self, Format};
use crate::policy::policy;
use crate::standard_input;
use crate::transfer::json_lines::HELP;
use crate::transfer::{
    self, CONCURRENCY, CONCURRENCY_MAX, FAILURES_MAX, ImportId, Item, Journal, JournalError,
    Outcome, Position, Progress, Reading, STANDARD_STREAM, Shape, Source, StartError, Summary,
    Turn, Turns, Writer,
};

/// Import a directory tree, or JSON lines
///
/// Afterwards the keys hold what was imported: each is read first, and what it held is
/// replaced; what is the same already is left alone. An import that was broken off can be given
/// again, and with --resume goes on where it was. Values over the bucket's limit are skipped and named.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Import {
    /// The bucket to write to; it has to exist
    bucket: String,
    /// A directory, a file of JSON lines, or `-` for JSON lines on standard input
    path: PathBuf,
    /// What the path is; by default a directory is a tree, and everything else JSON lines
    #[arg(long, value_enum)]
    format: Option<Shape>,
    /// Comes before every key
    #[arg(long, default_value = "", value_name = "TEXT")]
    prefix: String,
    /// Keep in this file how far the import is, and go on from there if it says so
    ///
    /// What it says is done is not looked at again, even if it has changed since; what failed,
    /// and all behind it, is. Lines that were added at the end of a file are new. A file belongs
    /// to one import: to its cluster, bucket, path, format and prefix. An empty file means to begin.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    resume: Option<PathBuf>,
    /// Put without reading first: faster, but keys that exist, or come again, get siblings
    #[arg(long, conflicts_with = "resume")]
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
        self.shape().check(&self.path)?;
        if self.path.as_os_str() == STANDARD_STREAM && standard_input::was_closed() {
            return Err(UsageError::ImportClosed.into());
        }
        let summary = connection::block_on(self.import(target))?;
        transfer::tell(&summary, "imported", format);
        summary.into_result()
    }

    async fn import(self, target: &Target) -> Result<Summary, Failure> {
        let client = target.connect().await?;
        let policy = policy(&client, &self.bucket).await?;
        let mut journal = self.journal(&client).await?;
        let source = Source {
            path: self.path.clone(),
            shape: self.shape(),
            prefix: self.prefix.clone(),
            value_len_max: policy.value_len_max.into(),
            after: journal.as_ref().and_then(Journal::position).cloned(),
        };
        let progress = Progress::start(self.failures_max, || source.count());
        let readings = self.start(source).await?;
        let writer = Writer {
            bucket: client.bucket(&self.bucket),
            blind: self.blind,
        };
        // A place where it can't be kept is found before anything is imported.
        journal.as_mut().map_or(Ok(()), Journal::write)?;
        let outcomes = self.outcomes(&writer, readings);
        let summary = count(outcomes, progress, journal.as_mut()).await?;
        journal.as_mut().map_or(Ok(()), Journal::write)?;
        Ok(summary)
    }

    fn shape(&self) -> Shape {
        let by_path = || match self.path.as_os_str() == STANDARD_STREAM {
            true => Shape::Jsonl,
            false => Shape::of_existing(&self.path),
        };
        self.format.unwrap_or_else(by_path)
    }

    /// The journal, if one was asked for.
    async fn journal(&self, client: &Client) -> Result<Option<Journal>, Failure> {
        let Some(path) = &self.resume else {
            return Ok(None);
        };
        let source = match self.path.as_os_str() == STANDARD_STREAM {
            true => self.path.clone(),
            false => fs::canonicalize(&self.path).map_err(|cause| self.unreadable(cause))?,
        };
        let import = ImportId {
            cluster: client.status().await?.cluster,
            bucket: self.bucket.clone(),
            source: output::readable(source.as_os_str().as_bytes()),
            format: self.shape(),
            prefix: self.prefix.clone(),
        };
        Journal::open(path, import).map(Some)
    }

    /// Starts to read, on a thread that may wait until the place is found.
    async fn start(&self, source: Source) -> Result<Receiver<Reading>, Failure> {
        if let (Some(journal), Some(after)) = (&self.resume, &source.after) {
            output::note(&format!("{}: goes on behind {after}", journal.display()));
        }
        let started = spawn_blocking(move || source.start()).await;
        let started = started.unwrap_or_else(|cause| Err(StartError::Io(cause.into())));
        started.map_err(|error| match error {
            StartError::Io(cause) => self.unreadable(cause),
            StartError::OtherLines { lines } => {
                let path = self.resume.clone().unwrap_or_default();
                JournalError::OtherLines { path, lines }.into()
            }
        })
    }

    fn unreadable(&self, cause: io::Error) -> Failure {
        Failure::File {
            action: "read",
            path: self.path.clone(),
            cause,
        }
    }

    /// What becomes of all that is read. A journal needs it in the order of the source; without
    /// one, an item that is slow holds up no other.
    fn outcomes(
        &self,
        writer: &Writer,
        readings: Receiver<Reading>,
    ) -> impl Stream<Item = (Outcome, Option<Position>)> {
        let readings = stream::unfold(readings, async |mut readings| {
            let reading = readings.recv().await?;
            Some((reading, readings))
        });
        let mut turns = Turns::default();
        let outcomes = readings.map(move |Reading { item, position }| {
            // Taken as they are read: work that has begun may come in any order.
            let item = item.map(|item| (turns.take(&item.key), item));
            async move { (written(writer, item).await, position) }
        });
        finished(outcomes, self.concurrency.into(), self.resume.is_some())
    }
}

/// What becomes of an item, once it has its turn.
async fn written(writer: &Writer, item: Result<(Turn, Item), Outcome>) -> Outcome {
    match item {
        Ok((mut turn, item)) => {
            turn.come().await;
            writer.write(item).await
        }
        Err(outcome) => outcome,
    }
}

/// What work comes to, so many at a time.
fn finished<W: Future>(
    work: impl Stream<Item = W>,
    concurrency: usize,
    in_order: bool,
) -> impl Stream<Item = W::Output> {
    match in_order {
        true => work.buffered(concurrency).left_stream(),
        false => work.buffer_unordered(concurrency).right_stream(),
    }
}

async fn count(
    outcomes: impl Stream<Item = (Outcome, Option<Position>)>,
    mut progress: Progress,
    mut journal: Option<&mut Journal>,
) -> Result<Summary, Failure> {
    let mut outcomes = std::pin::pin!(outcomes);
    while let Some((outcome, position)) = outcomes.next().await {
        if let Some(journal) = &mut journal {
            journal.note(&outcome, position)?;
        }
        if !progress.count(outcome) {
            break;
        }
    }
    Ok(progress.finish())
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on_stream;

    use super::*;

    /// Three under way, each done once the one behind it is.
    fn outcomes(in_order: bool) -> Vec<u8> {
        let done = std::cell::Cell::new(4);
        let work = [1, 2, 3].map(|number| {
            let done = &done;
            std::future::poll_fn(move |context| {
                if done.get() == number + 1 {
                    done.set(number);
                    return std::task::Poll::Ready(number);
                }
                context.waker().wake_by_ref();
                std::task::Poll::Pending
            })
        });
        block_on_stream(std::pin::pin!(finished(stream::iter(work), 3, in_order))).collect()
    }

    #[test]
    fn outcomes_come_in_the_order_of_the_source_for_a_journal_alone() {
        assert_eq!(outcomes(true), [1, 2, 3]);
        assert_eq!(outcomes(false), [3, 2, 1]);
    }
}
