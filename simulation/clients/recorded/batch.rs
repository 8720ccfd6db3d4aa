//! Batches that are recorded: each item is an operation of its own, asked and ended with the
//! others.

use std::time::Duration;

use bytes::Bytes;
use cartwheel_client::{Bucket, Context, DeleteItem, Error, Object, PutItem, Written};

use super::awaited;
use super::open_read::OpenRead;
use super::open_write::{NewWrite, OpenWrite};
use super::recorder::{Recorder, patience};
use super::value_names::{names, without_names};
use crate::history::NAME;

/// A batch of such items; await it.
macro_rules! recorded_batch {
    ($(#[$doc:meta])* $batch:ident of $item:ty => $output:ty) => {
        $(#[$doc])*
        #[must_use = "nothing is done until it is awaited"]
        pub struct $batch {
            bucket: Bucket,
            items: Vec<$item>,
            timeout: Option<Duration>,
            recorder: Recorder,
        }

        awaited!($batch => Vec<Result<$output, Error>>);

        impl $batch {
            pub(super) fn new(bucket: Bucket, items: Vec<$item>, recorder: Recorder) -> Self {
                let timeout = None;
                Self { bucket, items, timeout, recorder }
            }

            /// How long it may take, all attempts together.
            pub fn timeout(mut self, timeout: Duration) -> Self {
                self.timeout = Some(timeout);
                self
            }
        }
    };
}

recorded_batch! {
    /// Reads of several keys, each with its own outcome, in the order of the keys.
    RecordedGetBatch of String => Object
}

recorded_batch! {
    /// Writes of several values, each with its own outcome, in the order of the items.
    RecordedPutBatch of PutItem => Written
}

recorded_batch! {
    /// Deletes from several keys, each with its own outcome, in the order of the items.
    RecordedDeleteBatch of DeleteItem => Written
}

impl RecordedGetBatch {
    /// Reads.
    pub async fn send(self) -> Vec<Result<Object, Error>> {
        let patience = patience(self.timeout);
        let reads = self.items.iter().map(|key| self.open(key));
        let reads: Vec<OpenRead> = reads.collect();
        let batch = self.bucket.get_batch(&self.items).explain();
        let mut answers = batch.timeout(patience).send().await;
        for (mut read, answer) in reads.into_iter().zip(&mut answers) {
            match answer {
                Ok(object) => {
                    read.answered(names(object), object);
                    without_names(object);
                }
                Err(error) => read.failed(error),
            }
        }
        let batch = "a batch of reads that was answered";
        self.recorder.batch(batch, &answers, self.items.len());
        answers
    }

    fn open(&self, key: &str) -> OpenRead {
        let key = self.recorder.key(key);
        let seen = self.recorder.seen(&key, &Context::default());
        let asked = self.recorder.ask(self.timeout);
        self.recorder.read(&key, seen, asked, true)
    }
}

impl RecordedPutBatch {
    /// Writes.
    pub async fn send(mut self) -> Vec<Result<Written, Error>> {
        let patience = patience(self.timeout);
        let items = std::mem::take(&mut self.items);
        let items = items.into_iter().map(|item| self.open(item));
        let (writes, items): (Vec<OpenWrite>, Vec<PutItem>) = items.unzip();
        let batch = self.bucket.put_batch(items).explain();
        let answers = batch.timeout(patience).send().await;
        let batch = "a batch of puts that was acknowledged";
        self.recorder.ended(batch, writes, &answers);
        answers
    }

    fn open(&self, mut item: PutItem) -> (OpenWrite, PutItem) {
        let key = self.recorder.key(&text(&item.key));
        let asked = self.recorder.ask(self.timeout);
        let name = self.recorder.name(&key, asked, item.request_id);
        let new = || self.bucket.client().new_request_id();
        let request = *item.request_id.get_or_insert_with(new);
        let text = text(&item.value).chars().take(64).collect();
        item.attributes
            .metadata
            .push((NAME.to_owned(), name.clone()));
        let write = self.recorder.write(NewWrite {
            key: &key,
            request,
            value: Some((name, text)),
            seen: self.recorder.seen(&key, &item.context),
            asked,
            strict: true,
        });
        (write, item)
    }
}

impl RecordedDeleteBatch {
    /// Deletes.
    pub async fn send(mut self) -> Vec<Result<Written, Error>> {
        let patience = patience(self.timeout);
        let items = std::mem::take(&mut self.items);
        let items = items.into_iter().map(|item| self.open(item));
        let (writes, items): (Vec<OpenWrite>, Vec<DeleteItem>) = items.unzip();
        let batch = self.bucket.delete_batch(items).explain();
        let answers = batch.timeout(patience).send().await;
        let batch = "a batch of deletes that was acknowledged";
        self.recorder.ended(batch, writes, &answers);
        answers
    }

    fn open(&self, mut item: DeleteItem) -> (OpenWrite, DeleteItem) {
        let key = self.recorder.key(&text(&item.key));
        let new = || self.bucket.client().new_request_id();
        let write = self.recorder.write(NewWrite {
            key: &key,
            request: *item.request_id.get_or_insert_with(new),
            value: None,
            seen: self.recorder.seen(&key, &item.context),
            asked: self.recorder.ask(self.timeout),
            strict: true,
        });
        (write, item)
    }
}

impl Recorder {
    fn ended(
        &self,
        what: &'static str,
        writes: Vec<OpenWrite>,
        answers: &[Result<Written, Error>],
    ) {
        let asked = writes.len();
        for (mut write, answer) in writes.into_iter().zip(answers) {
            write.ended(answer);
        }
        self.batch(what, answers, asked);
    }

    fn batch<T>(&self, what: &'static str, answers: &[Result<T, Error>], asked: usize) {
        let answered = answers.len();
        if answered != asked {
            let trace = &self.trace;
            trace.fail(format!("a batch of {asked} items has {answered} outcomes"));
        }
        match answers.iter().filter(|answer| answer.is_ok()).count() {
            0 => {}
            done if done == asked => self.happened(what),
            _ => self.happened("a batch of which some items failed"),
        }
    }
}

fn text(bytes: &Bytes) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
