//! What a client does, noted in history and trace; also what it has begun and never ended.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use cartwheel::bucket::Bucket;
use cartwheel::message::client::{Explain, ExplainStep};
use cartwheel::version::{ConflictRule, Context as Opened, RequestId, Stamp};
use cartwheel_client::Context;

use crate::cluster::secret;
use crate::history::{Asked, BucketKey, ContextDigest, SharedHistory, Write};
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
    pub(super) fn stamp(&self, key: &BucketKey, context: &Context) -> Option<Stamp> {
        let lww = self.policy.conflict == ConflictRule::Lww;
        let (bucket, bytes) = (self.policy.id, context.as_bytes());
        let sealed = lww.then_some(bytes)?;
        let opened = Opened::open(sealed, &secret(), bucket, key.key.as_bytes());
        opened.ok().map(|context| context.stamp)
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
    pub(super) fn explained(
        &self,
        key: &BucketKey,
        value: Option<&str>,
        explain: Option<&Explain>,
    ) {
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

    pub(super) fn forwards(&self) -> bool {
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
    pub(super) values: BTreeSet<String>,
    pub(super) stamp: Stamp,
    pub(super) context: Option<ContextDigest>,
}
