//! Every request ends in its time.

use std::time::Duration;

use super::Violation;
use crate::history::{Asked, Page, Read, Write};

/// How long after its time a request may end: two of the longest steps of our campaigns.
const GRACE: Duration = Duration::from_millis(20);

pub(super) fn requests(writes: &[Write], reads: &[Read]) -> Vec<Violation> {
    let writes = writes.iter().map(|write| {
        let ended = write.ended.map(|ended| ended.at);
        (&write.key, write.asked, ended)
    });
    let reads = reads.iter().map(|read| {
        let ended = read.ended.as_ref().map(|ended| ended.at);
        (&read.key, read.asked, ended)
    });
    let late = writes.chain(reads);
    let late = late.filter(|(_, asked, ended)| is_late(*asked, *ended));
    late.map(|(key, asked, _)| Violation::Endless {
        asked: asked.at,
        key: key.clone(),
    })
    .collect()
}

pub(super) fn pages(pages: &[Page]) -> Vec<Violation> {
    let late = pages.iter().filter(|page| {
        let ended = page.ended.as_ref().map(|ended| ended.at);
        is_late(page.asked, ended)
    });
    late.map(|page| Violation::EndlessPage {
        asked: page.asked.at,
        bucket: page.bucket.to_string(),
    })
    .collect()
}

fn is_late(asked: Asked, ended: Option<Duration>) -> bool {
    let limit = asked.at + asked.patience + GRACE;
    ended.is_none_or(|ended| ended > limit)
}
