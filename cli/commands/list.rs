//! `cartwheel list BUCKET`.

use bytes::Bytes;
use cartwheel::limits::LIST_LIMIT_MAX;
use cartwheel_client::{Bucket, Page};
use clap::Args;
use serde::Serialize;

use crate::arguments::Target;
use crate::connection;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::tokens::{self, JsonKey};

/// List the keys of a bucket, in the order of their hash
///
/// A line a key, escaped where it is no text; with -o json: {"keys":[…],"next":TOKEN or null,
/// "incomplete":[partitions]}, where a key that is no text is {"base64":…}.
#[derive(Debug, Args)]
pub struct List {
    /// The bucket
    bucket: String,
    /// How many keys at most; all unless told otherwise
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Where an earlier listing of this bucket ended
    #[arg(long, value_name = "TOKEN", value_parser = tokens::cursor)]
    cursor: Option<Bytes>,
}

/// What was listed so far.
#[derive(Default)]
struct Listing {
    keys: Vec<Bytes>,
    next: Option<Bytes>,
    incomplete: Vec<u16>,
}

#[derive(Serialize)]
struct Report<'a> {
    keys: Vec<JsonKey<'a>>,
    next: Option<String>,
    incomplete: &'a [u16],
}

impl List {
    pub fn run(self, target: &Target, format: Option<Format>) -> Result<(), Failure> {
        connection::block_on(async {
            let bucket = target.connect().await?.bucket(&self.bucket);
            let listing = self.list(&bucket, format).await?;
            listing.show(format)
        })
    }

    /// Lines are printed page by page, since there may be millions; JSON is one value.
    async fn list(&self, bucket: &Bucket, format: Option<Format>) -> Result<Listing, Failure> {
        let mut listing = Listing::default();
        let mut cursor = self.cursor.clone().unwrap_or_default();
        let mut left = self.limit.unwrap_or(u64::MAX);
        loop {
            let limit = u32::try_from(left).unwrap_or(u32::MAX).min(LIST_LIMIT_MAX);
            let page = bucket.list().cursor(cursor).limit(limit).page().await?;
            left = left.saturating_sub(page.keys.len() as u64);
            listing.next.clone_from(&page.next);
            listing.add(page, format)?;
            match &listing.next {
                Some(next) if left > 0 => cursor = next.clone(),
                _ => return Ok(listing),
            }
        }
    }
}

impl Listing {
    fn add(&mut self, page: Page, format: Option<Format>) -> Result<(), Failure> {
        self.incomplete.extend(page.incomplete);
        if format == Some(Format::Json) {
            self.keys.extend(page.keys);
            return Ok(());
        }
        let lines = page.keys.iter().map(|key| output::readable(key) + "\n");
        output::raw(lines.collect::<String>().as_bytes())
    }

    fn show(self, format: Option<Format>) -> Result<(), Failure> {
        let next = self.next.as_deref().map(tokens::base64);
        if format == Some(Format::Json) {
            let keys = self.keys.iter().map(|key| JsonKey(key)).collect();
            let incomplete = &self.incomplete;
            output::json(&Report {
                keys,
                next,
                incomplete,
            })?;
        } else if let Some(next) = next {
            output::note(&format!("There are more: --cursor {next}"));
        }
        match self.incomplete.is_empty() {
            true => Ok(()),
            false => Err(Failure::Incomplete {
                partitions: self.incomplete,
            }),
        }
    }
}
