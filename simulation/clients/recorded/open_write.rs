//! A put or a delete that is under way, and how it ends.

use cartwheel::message::client::{Explain, ExplainStep, RequestError};
use cartwheel::version::RequestId;
use cartwheel_client::{Context, Error, Written};

use super::recorder::{Recorder, Seen};
use crate::history::{Asked, BucketKey, ContextDigest, Ended, Outcome, Write};

/// A put or a delete that is about to be asked.
pub(super) struct NewWrite<'a> {
    pub(super) key: &'a BucketKey,
    pub(super) request: RequestId,
    /// Of a put: the name of its value, and the beginning of it as text.
    pub(super) value: Option<(String, String)>,
    /// What its context has seen.
    pub(super) seen: Seen,
    pub(super) asked: Asked,
    pub(super) strict: bool,
}

impl Recorder {
    /// A put or a delete begins.
    pub(super) fn write(&self, write: NewWrite<'_>) -> OpenWrite {
        let NewWrite { key, seen, .. } = write;
        let (value, text) = write.value.unzip();
        let mut history = self.history.borrow_mut();
        history.asks_for(key, &self.policy);
        history.writes.push(Write {
            client: self.client.clone(),
            request: write.request,
            key: key.clone(),
            value,
            text,
            covers: seen.values,
            handed: seen.stamp,
            context_in: seen.context,
            context_out: None,
            asked: write.asked,
            ended: None,
            dot: None,
            stamp: None,
            synced: self.policy.durability.is_synced(),
            once: false,
            strict: write.strict,
        });
        OpenWrite {
            at: history.writes.len() - 1,
            recorder: self.clone(),
        }
    }
}

/// A write that is under way. Who drops it has gone away and will never know.
pub(super) struct OpenWrite {
    at: usize,
    recorder: Recorder,
}

impl OpenWrite {
    /// Notes whether an acknowledgement is to count a synced copy, beside what its bucket promises.
    pub(super) fn counts_synced(&mut self, synced: bool) {
        self.recorder.history.borrow_mut().writes[self.at].synced |= synced;
    }

    /// It was answered, or failed.
    pub(super) fn ended(&mut self, answer: &Result<Written, Error>) {
        let once = match answer {
            Ok(written) => self.was_kept_once(written),
            Err(_) => self.is_asked_once(),
        };
        let write = self.end(outcome(answer), once);
        self.count(answer);
        self.recorder.note(write.asked, &told(&write, answer));
        if let Ok(written) = answer {
            self.kept(write, written);
        }
    }

    fn count(&self, answer: &Result<Written, Error>) {
        let recorder = &self.recorder;
        recorder.happened(match outcome(answer) {
            Outcome::Acknowledged => "a write that was acknowledged",
            Outcome::Unknown => "a write of unknown outcome",
            Outcome::Refused => "a write that was refused",
        });
        if let Err(Error::Refused(RequestError::ClockOff { .. })) = answer {
            recorder.happened("a write that was refused for a clock");
        }
    }

    /// Keeps of an acknowledgement what the checker wants to know.
    fn kept(&self, write: Write, written: &Written) {
        let recorder = &self.recorder;
        let Written {
            context, explain, ..
        } = written;
        recorder.explained(&write.key, write.value.as_deref(), explain.as_deref());
        self.told(&write.key, context, explain.as_deref());
        let mut covers = write.covers;
        covers.extend(write.value);
        let context = context.as_bytes();
        let mut history = recorder.history.borrow_mut();
        history.writes[self.at].context_out = ContextDigest::of(context);
        history.covers(&write.key, context, covers);
    }

    /// Whether the coordinator that has answered is the only one that it can have reached: no attempt
    /// before may have been kept, and none was handed on to several owners.
    fn was_kept_once(&self, written: &Written) -> bool {
        let explain = written.explain.as_deref();
        let direct = explain.is_some_and(|explain| explain.forwarded_by.is_none());
        !written.in_doubt && (direct || !self.recorder.forwards())
    }

    /// Whether it reaches one coordinator at most, whatever becomes of it.
    fn is_asked_once(&self) -> bool {
        self.recorder.retries == 0 && !self.recorder.forwards()
    }

    /// Notes the dot of an acknowledged write, and the stamp under which it is kept. A repeated
    /// answer has the stamp of all that the record has seen since.
    fn told(&self, key: &BucketKey, context: &Context, explain: Option<&Explain>) {
        let recorder = &self.recorder;
        let events = explain.into_iter().flat_map(|explain| &explain.events);
        let minted = events.filter_map(|event| match event.step {
            ExplainStep::Minted(dot) => Some((dot, recorder.stamp(key, context))),
            ExplainStep::AlreadyWritten(dot) => Some((dot, None)),
            _ => None,
        });
        if let Some((dot, stamp)) = minted.last() {
            let write = &mut recorder.history.borrow_mut().writes[self.at];
            (write.dot, write.stamp) = (Some(dot), stamp);
        }
    }

    fn end(&mut self, with: Outcome, once: bool) -> Write {
        let at = self.recorder.now();
        let mut history = self.recorder.history.borrow_mut();
        let write = &mut history.writes[self.at];
        write.once = once;
        write.ended = Some(Ended { at, with });
        write.clone()
    }

    fn is_open(&self) -> bool {
        self.recorder.history.borrow().writes[self.at]
            .ended
            .is_none()
    }
}

impl Drop for OpenWrite {
    fn drop(&mut self) {
        if turmoil::sim_elapsed().is_some() && self.is_open() {
            let write = self.end(Outcome::Unknown, self.is_asked_once());
            self.recorder
                .died("a client that died in the middle of a write");
            self.recorder
                .note(write.asked, &format!("{} was given up", what(&write)));
        }
    }
}

fn what(write: &Write) -> String {
    let Write { key, covers, .. } = write;
    match &write.value {
        Some(value) => format!("put {key} {value} over {covers:?}"),
        None => format!("delete {key} of {covers:?}"),
    }
}

fn told(write: &Write, answer: &Result<Written, Error>) -> String {
    let what = what(write);
    match answer {
        Ok(Written { context, .. }) => {
            let bytes = context.as_bytes().len();
            format!("{what}: acknowledged, context of {bytes} bytes")
        }
        Err(error) => format!("{what}: {:?}: {error}", outcome(answer)),
    }
}

fn outcome(answer: &Result<Written, Error>) -> Outcome {
    match answer {
        Ok(_) => Outcome::Acknowledged,
        Err(error) if error.outcome_is_unknown() => Outcome::Unknown,
        Err(_) => Outcome::Refused,
    }
}
