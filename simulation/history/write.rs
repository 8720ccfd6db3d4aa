//! A put or a delete, as its client knows it.

use std::collections::BTreeSet;
use std::time::Duration;

use cartwheel::version::{Dot, RequestId, Stamp};

use super::{Asked, BucketKey, ContextDigest, Ended};

/// What a write ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is kept.
    Acknowledged,
    /// It may be kept, now or later.
    Unknown,
    /// It is surely not kept: that was promised.
    Refused,
}

/// A put or a delete.
#[derive(Clone, Debug)]
pub struct Write {
    /// Who wrote.
    pub client: String,
    /// The id under which it was sent. Writes that share one are attempts of one write, which
    /// their client has told to be so.
    pub request: RequestId,
    /// What was written to.
    pub key: BucketKey,
    /// The name of the value, which no other has; a delete has none.
    pub value: Option<String>,
    /// The beginning of the value as text.
    pub text: Option<String>,
    /// The values that its context covered for all that its writer knows.
    pub covers: BTreeSet<String>,
    /// The greatest stamp that its context covered, where the last writer wins.
    pub handed: Stamp,
    /// The context that it handed in.
    pub context_in: Option<ContextDigest>,
    /// The context that its acknowledgement brought.
    pub context_out: Option<ContextDigest>,
    /// When it was asked.
    pub asked: Asked,
    /// Nothing while it is under way.
    pub ended: Option<Ended<Outcome>>,
    /// The dot that the acknowledgement told of.
    pub dot: Option<Dot>,
    /// The stamp of that dot, where the last writer wins and the acknowledgement told it.
    pub stamp: Option<Stamp>,
    /// Whether an acknowledgement has counted a synced copy, though its bucket is buffered.
    pub synced: bool,
    /// Whether it reached one coordinator at most: a write that was sent again may have two
    /// dots, and come back beside a value that replaced one of them.
    pub once: bool,
    /// Whether it asked for as many acknowledgements as its bucket does, or more: of others
    /// nothing is promised to strict reads.
    pub strict: bool,
}

impl Write {
    /// What is known of its outcome.
    pub fn outcome(&self) -> Outcome {
        self.ended.map_or(Outcome::Unknown, |ended| ended.with)
    }

    /// What may be expected of it: an acknowledgement by too few owners promises nothing.
    pub fn promise(&self) -> Outcome {
        match self.outcome() {
            Outcome::Acknowledged if !self.strict => Outcome::Unknown,
            outcome => outcome,
        }
    }

    /// Whether it may be kept.
    pub fn is_possible(&self) -> bool {
        self.outcome() != Outcome::Refused
    }

    /// When it was acknowledged by as many owners as its bucket asks for, if it was.
    pub fn acknowledged_at(&self) -> Option<Duration> {
        let acknowledged = self.promise() == Outcome::Acknowledged;
        self.ended.filter(|_| acknowledged).map(|ended| ended.at)
    }
}
