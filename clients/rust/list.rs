//! Listing the keys of a bucket.

use std::time::Duration;

use bytes::Bytes;
use cartwheel::limits::LIST_LIMIT_MAX;
use cartwheel::message::client::{List as ListMessage, Listed};
use futures::stream::{BoxStream, StreamExt, try_unfold};

use crate::attempts::Effect;
use crate::bucket::Bucket;
use crate::error::Error;

/// A listing, page by page: await [`page`](Self::page), or take [`pages`](Self::pages).
#[derive(Clone, Debug)]
#[must_use = "nothing is listed until a page is awaited"]
pub struct List {
    bucket: Bucket,
    cursor: Bytes,
    limit: u32,
    timeout: Option<Duration>,
}

/// Some keys of a bucket, in the order of their hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The keys.
    pub keys: Vec<Bytes>,
    /// Where the next page begins, if there is one.
    pub next: Option<Bytes>,
    /// The partitions of this page for which fewer than r owners answered: keys of theirs may
    /// be missing.
    pub incomplete: Vec<u16>,
}

impl From<Listed> for Page {
    fn from(listed: Listed) -> Self {
        let next = Some(listed.next).filter(|next| !next.is_empty());
        Self {
            keys: listed.keys,
            next,
            incomplete: listed.incomplete,
        }
    }
}

impl List {
    pub(crate) fn new(bucket: Bucket) -> Self {
        Self {
            bucket,
            cursor: Bytes::new(),
            limit: LIST_LIMIT_MAX,
            timeout: None,
        }
    }

    /// Begins where an earlier page ended: its `next`.
    pub fn cursor(mut self, cursor: impl Into<Bytes>) -> Self {
        self.cursor = cursor.into();
        self
    }

    /// How many keys a page has at most.
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = limit;
        self
    }

    /// How long each page may take.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Reads one page.
    pub async fn page(&self) -> Result<Page, Error> {
        let message = ListMessage {
            bucket: self.bucket.name().to_owned(),
            cursor: self.cursor.clone(),
            limit: self.limit,
        };
        let client = self.bucket.client();
        let time = client.time(self.timeout);
        let listed = client.exchange().ask(&message, Effect::Read, time).await?;
        Ok(listed.into())
    }

    /// All pages to the last, each read when it is asked for; an error ends the stream, and a
    /// listing from the last page's `next` goes on where it ended.
    pub fn pages(self) -> BoxStream<'static, Result<Page, Error>> {
        try_unfold(Some(self), |list| async move {
            let Some(list) = list else { return Ok(None) };
            let page = list.page().await?;
            let rest = page.next.clone().map(|next| list.cursor(next));
            Ok(Some((page, rest)))
        })
        .boxed()
    }
}
