//! A listing that is recorded, page by page.

use std::time::Duration;

use bytes::Bytes;
use cartwheel::limits::LIST_LIMIT_MAX;
use cartwheel::listing::place_of;
use cartwheel_client::{Error, List, Page};
use futures::stream::{LocalBoxStream, StreamExt, try_unfold};

use super::recorder::Recorder;
use crate::history::{self, Asked, Ended, Excerpt};

/// A listing, page by page: await [`page`](Self::page), or take [`pages`](Self::pages).
#[derive(Clone)]
#[must_use = "nothing is listed until a page is awaited"]
pub struct RecordedList {
    list: List,
    cursor: Bytes,
    limit: u32,
    timeout: Option<Duration>,
    recorder: Recorder,
}

impl RecordedList {
    pub(super) fn new(list: List, recorder: Recorder) -> Self {
        Self {
            list,
            cursor: Bytes::new(),
            limit: LIST_LIMIT_MAX,
            timeout: None,
            recorder,
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

    /// How long each page may take, all attempts together.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Reads one page.
    pub async fn page(&self) -> Result<Page, Error> {
        let asked = self.recorder.ask(self.timeout);
        let mut page = self.recorder.page(&self.cursor, self.limit, asked);
        let list = self.list.clone().cursor(self.cursor.clone());
        let list = list.limit(self.limit).timeout(asked.patience);
        let answer = list.page().await;
        page.ended(&answer);
        if answer.is_ok() && !self.cursor.is_empty() {
            self.recorder.happened("a listing of several pages");
        }
        answer
    }

    /// All pages to the last, each read when it is asked for; an error ends the stream.
    pub fn pages(self) -> LocalBoxStream<'static, Result<Page, Error>> {
        try_unfold(Some(self), |list| async move {
            let Some(list) = list else { return Ok(None) };
            let page = list.page().await?;
            let rest = page.next.clone().map(|next| list.cursor(next));
            Ok(Some((page, rest)))
        })
        .boxed_local()
    }
}

impl Recorder {
    fn page(&self, cursor: &Bytes, limit: u32, asked: Asked) -> OpenPage {
        let mut history = self.history.borrow_mut();
        history.pages.push(history::Page {
            client: self.client.clone(),
            bucket: self.policy.name.as_str().into(),
            // No page is answered from a cursor that has no place.
            from: place_of(cursor).unwrap_or_default(),
            // A node takes any other for one of these.
            limit: limit.clamp(1, LIST_LIMIT_MAX),
            asked,
            ended: None,
        });
        OpenPage {
            at: history.pages.len() - 1,
            recorder: self.clone(),
        }
    }
}

/// A page that is under way. Who drops it has gone away and will never know.
struct OpenPage {
    at: usize,
    recorder: Recorder,
}

impl OpenPage {
    /// It was answered, or failed.
    fn ended(&mut self, answer: &Result<Page, Error>) {
        let shown = answer.as_ref().ok().map(|page| self.excerpt(page));
        let page = self.end(shown);
        let what = match answer {
            Ok(_) => format!("showed {:?}", page.shown()),
            Err(error) => format!("failed: {error}"),
        };
        self.tell(&page, &what);
        self.count(&page);
    }

    fn excerpt(&self, page: &Page) -> Excerpt {
        let keys = page.keys.iter();
        let until = page.next.as_ref().and_then(|next| match place_of(next) {
            Ok(place) => Some(place),
            Err(error) => {
                let trace = &self.recorder.trace;
                trace.fail(format!("a listing answered a cursor that is none: {error}"));
                None
            }
        });
        Excerpt {
            keys: keys
                .map(|key| String::from_utf8_lossy(key).into_owned())
                .collect(),
            until,
            incomplete: page.incomplete.clone(),
        }
    }

    fn count(&self, page: &history::Page) {
        let Some(shown) = page.shown() else {
            return self.recorder.happened("a listing that failed");
        };
        if !shown.incomplete.is_empty() {
            self.recorder
                .happened("a listing that too few owners answered");
        }
        if shown.until.is_some() && shown.keys.len() < page.limit as usize {
            self.recorder
                .happened("a page of a listing that ended for its time");
        }
        let at = self.recorder.now();
        let history = self.recorder.history.borrow();
        let damaged = history
            .damages
            .iter()
            .any(|damage| damage.key.bucket == page.bucket && damage.meets(page.asked.at, at));
        drop(history);
        if damaged {
            self.recorder.happened("a listing that met a damaged owner");
        }
    }

    fn tell(&self, page: &history::Page, what: &str) {
        let list = format!("list of {} behind {:?}", page.bucket, page.from);
        self.recorder.note(page.asked, &format!("{list} {what}"));
    }

    fn end(&mut self, with: Option<Excerpt>) -> history::Page {
        let at = self.recorder.now();
        let mut history = self.recorder.history.borrow_mut();
        let page = &mut history.pages[self.at];
        page.ended = Some(Ended { at, with });
        page.clone()
    }

    fn is_open(&self) -> bool {
        self.recorder.history.borrow().pages[self.at]
            .ended
            .is_none()
    }
}

impl Drop for OpenPage {
    fn drop(&mut self) {
        // After the end of the simulation nobody has gone away: the answer never came.
        if turmoil::sim_elapsed().is_some() && self.is_open() {
            let page = self.end(None);
            self.recorder
                .died("a client that died in the middle of a listing");
            self.tell(&page, "was given up");
        }
    }
}
