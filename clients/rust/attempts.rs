//! What the attempts of one request add up to.

use std::sync::Arc;

use cartwheel::message::client::RequestError;
use tokio::time::{Instant, sleep};

use crate::connection::CallError;
use crate::connection_error::{BadAnswer, ConnectionError};
use crate::error::Error;
use crate::pauses::Pauses;
use crate::settings::Settings;
use crate::time_limit::TimeLimit;

/// Whether a lost answer leaves a doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It changes nothing.
    Read,
    /// It may have been done though nobody heard of it.
    Write,
}

/// Why one attempt failed.
#[derive(Debug)]
pub(crate) enum Failure {
    Call(CallError),
    Refused(RequestError),
    BadAnswer { endpoint: String, cause: BadAnswer },
}

impl Failure {
    /// Whether a write that ended so may be kept.
    fn leaves_the_outcome_open(&self) -> bool {
        match self {
            Self::Call(CallError::Expired { sent } | CallError::Broken { sent, .. }) => *sent,
            Self::Call(CallError::TooLong { .. }) => false,
            Self::Refused(refusal) => refusal.leaves_the_outcome_open(),
            Self::BadAnswer { .. } => true,
        }
    }
}

/// The attempts of one request: how many there were, and whether one of them may have done
/// what was asked.
pub(crate) struct Attempts {
    settings: Arc<Settings>,
    effect: Effect,
    time: TimeLimit,
    count: u32,
    open: bool,
    pauses: Pauses,
}

impl Attempts {
    pub(crate) fn new(settings: &Arc<Settings>, effect: Effect, time: TimeLimit) -> Self {
        Self {
            settings: settings.clone(),
            effect,
            time,
            count: 0,
            open: false,
            pauses: Pauses::new(settings),
        }
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.time.deadline()
    }

    /// How many attempts have failed.
    pub(crate) fn failed(&self) -> u32 {
        self.count
    }

    /// Whether one that has failed may have done what was asked.
    pub(crate) fn are_in_doubt(&self) -> bool {
        self.open
    }

    /// Pauses before the next attempt, or ends the request with what its attempts add up to.
    pub(crate) async fn next(&mut self, failure: Failure) -> Result<(), Error> {
        self.count += 1;
        let pause = match &failure {
            Failure::Refused(refusal) => self.pauses.after(refusal),
            // The pool itself waits for a connection, and another attempt is another node's.
            Failure::Call(CallError::Broken { .. } | CallError::Expired { .. }) => {
                self.pauses.none()
            }
            Failure::Call(CallError::TooLong { .. }) | Failure::BadAnswer { .. } => None,
        };
        let Some(pause) = pause.filter(|pause| self.time.allows(*pause)) else {
            return Err(self.error(failure));
        };
        self.open |= self.effect == Effect::Write && failure.leaves_the_outcome_open();
        sleep(pause).await;
        Ok(())
    }

    fn error(&self, failure: Failure) -> Error {
        let sent = self.effect == Effect::Write && failure.leaves_the_outcome_open();
        let error = match failure {
            // The node speaks of the time that it had, which is what earlier attempts left.
            Failure::Refused(RequestError::TimedOut { .. }) if self.count > 1 => Error::TimedOut {
                after: self.time.elapsed(),
                attempts: self.count,
                sent,
            },
            Failure::Refused(refusal) => Error::Refused(refusal),
            Failure::BadAnswer { endpoint, cause } => Error::BadAnswer {
                endpoint,
                cause,
                sent,
            },
            Failure::Call(CallError::TooLong { len, limit }) => {
                Error::RequestTooLong { len, limit }
            }
            Failure::Call(CallError::Expired { .. }) => Error::TimedOut {
                after: self.time.timeout,
                attempts: self.count,
                sent,
            },
            Failure::Call(CallError::Broken { cause, .. }) => self.settings.lost(cause, sent),
        };
        match self.open {
            true => error.in_doubt(self.count),
            false => error,
        }
    }

    /// No connection came about before the deadline.
    pub(crate) fn unreachable(&self, last: Arc<ConnectionError>) -> Error {
        self.settings.lost(last, self.open)
    }
}

impl Settings {
    /// What a connection's end means for a request.
    pub(crate) fn lost(&self, last: Arc<ConnectionError>, sent: bool) -> Error {
        match &*last {
            ConnectionError::BadAnswer { endpoint, cause } => Error::BadAnswer {
                endpoint: endpoint.clone(),
                cause: cause.clone(),
                sent,
            },
            ConnectionError::Refused { refusal, .. } if !sent => Error::Refused(refusal.clone()),
            _ => Error::Unreachable {
                endpoints: self.endpoints.iter().map(ToString::to_string).collect(),
                last,
                sent,
            },
        }
    }
}
