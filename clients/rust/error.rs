//! What a request of the library can end with, other than well.

use std::sync::Arc;
use std::time::Duration;

use cartwheel::message::client::RequestError;

use crate::attempts::Effect;
use crate::connection::Connection;
use crate::connection_error::{BadAnswer, ConnectionError};

/// Why a request was not done, or is not known to be done.
///
/// Numbers are fields, and nothing is to be parsed out of a text. After a failed write, ask
/// [`outcome_is_unknown`](Self::outcome_is_unknown) whether it may have been kept all the same.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A node answered, and refused.
    #[error(transparent)]
    Refused(RequestError),

    /// The last of several attempts was refused, but an earlier one was sent and never
    /// answered, or answered with its outcome open: the write may be kept.
    #[error("attempt {attempts} was refused, after one of unknown outcome: {refusal}")]
    RetryRefused {
        /// How many attempts there were.
        attempts: u32,
        /// The answer to the last.
        refusal: RequestError,
    },

    /// No endpoint could be reached, or each connection broke, within deadline and retries.
    #[error("unreachable: {} ({last})", .endpoints.join(", "))]
    Unreachable {
        /// The endpoints that were tried.
        endpoints: Vec<String>,
        /// What the last attempt met.
        last: Arc<ConnectionError>,
        /// Whether a write was sent on a connection that then broke.
        sent: bool,
    },

    /// The request's own time was over before an answer came.
    #[error("no answer within {after:?}, in {attempts} attempts")]
    TimedOut {
        /// The time that all attempts together have taken.
        after: Duration,
        /// How many attempts there were.
        attempts: u32,
        /// Whether a write was sent at all.
        sent: bool,
    },

    /// A node answered something that is not in the protocol.
    #[error("bad answer from {endpoint}: {cause}")]
    BadAnswer {
        /// Who answered.
        endpoint: String,
        /// What is wrong with it.
        cause: BadAnswer,
        /// Whether a write was sent to it.
        sent: bool,
    },

    /// The request is longer than the nodes take; it was not sent.
    #[error("a request of {len} bytes is over the nodes' limit of {limit}")]
    RequestTooLong {
        /// Its length.
        len: u64,
        /// The limit.
        limit: u64,
    },

    /// The builder was given no endpoints.
    #[error("no endpoints were given, one is needed")]
    NoEndpoints,

    /// The operating system gave no random numbers, without which no write has a name.
    #[error("the operating system gave no random numbers")]
    NoEntropy,
}

impl Error {
    /// Whether a write that ended so may be kept all the same.
    ///
    /// `false` is a promise: nothing was written, by this request; of an earlier one that was given
    /// the same request id it says nothing. `true` is to be answered by reading the key,
    /// or by writing again: a value that was put twice is at worst its own sibling. For a
    /// read, which changes nothing, there is no outcome to be known.
    pub fn outcome_is_unknown(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.leaves_the_outcome_open(),
            Self::RetryRefused { .. } => true,
            Self::Unreachable { sent, .. }
            | Self::TimedOut { sent, .. }
            | Self::BadAnswer { sent, .. } => *sent,
            Self::RequestTooLong { .. } | Self::NoEndpoints | Self::NoEntropy => false,
        }
    }

    pub(crate) fn bad_answer(connection: &Connection, cause: BadAnswer, effect: Effect) -> Self {
        Self::BadAnswer {
            endpoint: connection.endpoint().to_owned(),
            cause,
            sent: effect == Effect::Write,
        }
    }

    /// The same after an earlier attempt that may have been kept, so that all are in doubt.
    pub(crate) fn in_doubt(mut self, attempts: u32) -> Self {
        match &mut self {
            Self::Unreachable { sent, .. }
            | Self::TimedOut { sent, .. }
            | Self::BadAnswer { sent, .. } => *sent = true,
            Self::Refused(refusal) if !refusal.leaves_the_outcome_open() => {
                let refusal = refusal.clone();
                return Self::RetryRefused { attempts, refusal };
            }
            _ => {}
        }
        self
    }

    /// The node's refusal, if it was one that ended the request.
    pub fn refusal(&self) -> Option<&RequestError> {
        match self {
            Self::Refused(refusal) | Self::RetryRefused { refusal, .. } => Some(refusal),
            _ => None,
        }
    }
}
