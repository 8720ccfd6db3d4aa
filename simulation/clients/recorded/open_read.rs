//! A read that is under way, and how it ends.

use cartwheel::version::Stamp;
use cartwheel_client::{Error, Object};

use super::recorder::{Recorder, Seen};
use crate::history::{Asked, BucketKey, ContextDigest, Ended, Read};

impl Recorder {
    /// A read begins.
    pub(super) fn read(&self, key: &BucketKey, seen: Seen, asked: Asked, strict: bool) -> OpenRead {
        let mut history = self.history.borrow_mut();
        history.asks_for(key, &self.policy);
        history.reads.push(Read {
            client: self.client.clone(),
            key: key.clone(),
            seen: seen.values,
            handed: seen.stamp,
            context_in: seen.context,
            context_out: None,
            asked,
            ended: None,
            stamp: Stamp::ZERO,
            strict,
        });
        OpenRead {
            at: history.reads.len() - 1,
            recorder: self.clone(),
        }
    }
}

/// A read that is under way. Who drops it has gone away and will never know.
pub(super) struct OpenRead {
    at: usize,
    recorder: Recorder,
}

impl OpenRead {
    /// It was answered.
    pub(super) fn answered(&mut self, names: Vec<String>, object: &Object) {
        let read = self.end(Some(names.clone()));
        let (key, asked) = (&read.key, read.asked);
        let recorder = &self.recorder;
        if let Some(stamp) = recorder.stamp(key, &object.context) {
            recorder.history.borrow_mut().reads[self.at].stamp = stamp;
        }
        recorder.happened("a read that was answered");
        recorder.note(asked, &format!("get {key} found {names:?}"));
        recorder.explained(key, None, object.explain.as_deref());
        let mut covers = read.seen;
        covers.extend(names);
        let context = object.context.as_bytes();
        let mut history = recorder.history.borrow_mut();
        history.reads[self.at].context_out = ContextDigest::of(context);
        history.covers(key, context, covers);
    }

    /// It failed.
    pub(super) fn failed(&mut self, error: &Error) {
        let read = self.end(None);
        self.recorder.happened("a read that failed");
        let what = format!("get {} failed: {error}", read.key);
        self.recorder.note(read.asked, &what);
    }

    fn end(&mut self, with: Option<Vec<String>>) -> Read {
        let at = self.recorder.now();
        let mut history = self.recorder.history.borrow_mut();
        let read = &mut history.reads[self.at];
        read.ended = Some(Ended { at, with });
        read.clone()
    }

    fn is_open(&self) -> bool {
        self.recorder.history.borrow().reads[self.at]
            .ended
            .is_none()
    }
}

impl Drop for OpenRead {
    fn drop(&mut self) {
        // After the end of the simulation nobody has gone away: the answer never came.
        if turmoil::sim_elapsed().is_some() && self.is_open() {
            let read = self.end(None);
            self.recorder
                .died("a client that died in the middle of a read");
            self.recorder
                .note(read.asked, &format!("get {} was given up", read.key));
        }
    }
}
