//! What a client does, noted in history and trace; also what it has begun and never ended.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use cartwheel::bucket::Bucket;
use cartwheel::message::client::{Explain, ExplainStep, RequestError};
use cartwheel::version::{ConflictRule, Context as Opened, RequestId, Stamp};
use cartwheel_client::{Context, Error, Object, Written};

use crate::cluster::secret;
use crate::history::{
    Asked, BucketKey, ContextDigest, Ended, NAME, Outcome, Read, SharedHistory, Write, name_of,
};
use crate::trace::{Trace, now};

/// What a request may take unless it says otherwise, as the client has it.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a request may take.
pub(super) fn patience(timeout: Option<Duration>) -> Duration {
    timeout.unwrap_or(PATIENCE)
}

/// Notes what one client does with one bucket.
#[derive(Clone)]
pub(crate) struct Recorder {
    pub(crate) client: String,
    /// What the bucket promises.
    pub(crate) policy: Arc<Bucket>,
    pub(crate) history: SharedHistory,
    pub(crate) trace: Trace,
    /// How often the client sends a request again.
    pub(crate) retries: u32,
    /// How many nodes it may ask; those that own no copy hand requests on, and on again.
    pub(crate) nodes: u64,
    /// Whether what it meets counts as what must happen sometimes.
    pub(crate) counts: bool,
}

impl Recorder {
    /// One for another bucket.
    pub(super) fn of(&self, policy: &Arc<Bucket>) -> Self {
        let policy = Arc::clone(policy);
        Self {
            policy,
            ..self.clone()
        }
    }

    /// A key of the bucket.
    pub(super) fn key(&self, key: &str) -> BucketKey {
        BucketKey::new(&self.policy.name, key)
    }

    /// An operation begins now.
    pub(super) fn ask(&self, timeout: Option<Duration>) -> Asked {
        let mut history = self.history.borrow_mut();
        history.begun += 1;
        Asked {
            number: history.begun,
            at: now(),
            patience: patience(timeout),
        }
    }

    /// The name of the value that an operation puts. A put under a request id that an earlier one
    /// was given is the same put, and its value has that name already.
    pub(super) fn name(&self, key: &BucketKey, asked: Asked, given: Option<RequestId>) -> String {
        let history = self.history.borrow();
        let earlier = given.and_then(|given| {
            let mut writes = history.writes.iter();
            let same = |write: &&Write| write.request == given && write.key == *key;
            writes.find(same)?.value.clone()
        });
        earlier.unwrap_or_else(|| format!("{}-{}", self.client, asked.number))
    }

    /// What a context has seen.
    pub(super) fn seen(&self, key: &BucketKey, context: &Context) -> Seen {
        Seen {
            values: self.history.borrow().covered(key, context.as_bytes()),
            stamp: self.stamp(key, context).unwrap_or_default(),
            context: ContextDigest::of(context.as_bytes()),
        }
    }

    /// The greatest stamp that a context has seen, where the last writer wins.
    fn stamp(&self, key: &BucketKey, context: &Context) -> Option<Stamp> {
        let lww = self.policy.conflict == ConflictRule::Lww;
        let (bucket, bytes) = (self.policy.id, context.as_bytes());
        let sealed = lww.then_some(bytes)?;
        let opened = Opened::open(sealed, &secret(), bucket, key.key.as_bytes());
        opened.ok().map(|context| context.stamp)
    }

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

    pub(super) fn happened(&self, what: &'static str) {
        if self.counts {
            self.history.borrow_mut().happened(what);
        }
    }

    /// The time of a dying client stands still.
    pub(super) fn now(&self) -> Duration {
        self.history.borrow().dying.unwrap_or_else(now)
    }

    /// Whoever gave up an operation did so because it died, if it did.
    pub(super) fn died(&self, what: &'static str) {
        if self.history.borrow().dying.is_some() {
            self.happened(what);
        }
    }

    /// Keeps of an account what the checker wants to know.
    fn explained(&self, key: &BucketKey, value: Option<&str>, explain: Option<&Explain>) {
        let Some(explain) = explain else { return };
        if explain.forwarded_by.is_some() {
            self.happened("a request that was handed on");
        }
        for event in &explain.events {
            // Where the last writer wins the stores alone tell the stamp of a dot.
            let value = value.filter(|_| self.policy.conflict != ConflictRule::Lww);
            let dot = |dot| {
                let value = value.into_iter();
                value.for_each(|value| self.history.borrow_mut().dot(dot, key, value));
            };
            match &event.step {
                ExplainStep::Minted(minted) => dot(*minted),
                ExplainStep::AlreadyWritten(written) => {
                    self.happened("a retry that met its first attempt");
                    dot(*written);
                }
                ExplainStep::Repaired => self.happened("a repair before the answer"),
                ExplainStep::Hedged => self.happened("a read that was hedged"),
                _ => {}
            }
        }
    }

    fn forwards(&self) -> bool {
        self.nodes > u64::from(self.policy.n)
    }

    pub(super) fn note(&self, asked: Asked, what: &str) {
        let (client, since) = (&self.client, asked.at.as_micros());
        let what = format!("{client} since {since}: {what}");
        self.trace.note(self.now(), &what);
    }
}

/// What a context has seen, for all that is known.
pub(super) struct Seen {
    values: BTreeSet<String>,
    stamp: Stamp,
    context: Option<ContextDigest>,
}

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
        let outcome = outcome(answer);
        let explain = answer.as_ref().ok();
        let explain = explain.and_then(|written| written.explain.as_deref());
        let direct = explain.is_some_and(|explain| explain.forwarded_by.is_none());
        let write = self.end(outcome, direct);
        let recorder = &self.recorder;
        recorder.happened(match outcome {
            Outcome::Acknowledged => "a write that was acknowledged",
            Outcome::Unknown => "a write of unknown outcome",
            Outcome::Refused => "a write that was refused",
        });
        if let Err(Error::Refused(RequestError::ClockOff { .. })) = answer {
            recorder.happened("a write that was refused for a clock");
        }
        recorder.note(write.asked, &told(&write, answer));
        recorder.explained(&write.key, write.value.as_deref(), explain);
        if let Ok(Written { context, explain }) = answer {
            self.told(&write.key, context, explain.as_deref());
            let mut covers = write.covers;
            covers.extend(write.value);
            let context = context.as_bytes();
            let mut history = recorder.history.borrow_mut();
            history.writes[self.at].context_out = ContextDigest::of(context);
            history.covers(&write.key, context, covers);
        }
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

    fn end(&mut self, with: Outcome, direct: bool) -> Write {
        let at = self.recorder.now();
        let mut history = self.recorder.history.borrow_mut();
        let write = &mut history.writes[self.at];
        write.once = self.recorder.retries == 0 && (direct || !self.recorder.forwards());
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
            let write = self.end(Outcome::Unknown, false);
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

/// The names of what was found, in order; one that is there twice is there twice.
pub(super) fn names(object: &Object) -> Vec<String> {
    let values = object.values.iter();
    let mut names: Vec<String> = values
        .map(|value| name_of(Some(&value.attributes), &value.bytes))
        .collect();
    names.sort_unstable();
    names
}

/// The names are ours alone.
pub(super) fn without_names(object: &mut Object) {
    for value in &mut object.values {
        value.attributes.metadata.retain(|(own, _)| own != NAME);
    }
}
