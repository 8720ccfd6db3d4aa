//! Why a connection is no more, or never was.

use std::io;
use std::time::Duration;

use cartwheel::message::client::RequestError;
use cartwheel::message::frame::{Flags, FrameError};
use cartwheel::message::{DecodeError, Kind};

/// What ended a connection, or kept it from coming about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectionError {
    /// The endpoint did not take the connection.
    #[error("connecting to {endpoint}: {source}")]
    Connect {
        /// The endpoint.
        endpoint: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// Neither a connection nor a welcome in time.
    #[error("{endpoint} did not welcome the client within {after:?}")]
    NotWelcomed {
        /// The endpoint.
        endpoint: String,
        /// How long it had.
        after: Duration,
    },
    /// The node refused the connection as a whole.
    #[error("{endpoint} refused the connection: {refusal}")]
    Refused {
        /// The endpoint.
        endpoint: String,
        /// Why.
        refusal: RequestError,
    },
    /// The node closed the connection.
    #[error("{endpoint} closed the connection, {unread} bytes into a frame")]
    Closed {
        /// The endpoint.
        endpoint: String,
        /// How much of an unfinished frame had come.
        unread: usize,
    },
    /// Reading or writing failed.
    #[error("connection to {endpoint}: {source}")]
    Broken {
        /// The endpoint.
        endpoint: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// A request had no answer in its time, and nothing else came either.
    #[error("{endpoint} has been silent for {quiet:?}")]
    Silent {
        /// The endpoint.
        endpoint: String,
        /// For how long.
        quiet: Duration,
    },
    /// The node said something that is not in the protocol.
    #[error("bad answer from {endpoint}: {cause}")]
    BadAnswer {
        /// The endpoint.
        endpoint: String,
        /// What is wrong with it.
        cause: BadAnswer,
    },
    /// Nothing has come of the first attempt to connect yet.
    #[error("{endpoint} has not answered yet")]
    NotAnswered {
        /// The endpoint.
        endpoint: String,
    },
}

/// Something a node said that is not in the protocol.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadAnswer {
    /// Bytes that are no frame, another version, or a frame over the limit.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A frame that is no whole answer: nodes ask clients nothing, and chunks are theirs.
    #[error("a frame with flags {:#06b} is not an answer", .flags.0)]
    NotAnAnswer {
        /// The flags.
        flags: Flags,
    },
    /// The answer to another kind of question.
    #[error("{answered} answers {asked}")]
    WrongKind {
        /// What was asked.
        asked: Kind,
        /// What the answer says it answers.
        answered: Kind,
    },
    /// A body that is not what its kind says.
    #[error(transparent)]
    Body(#[from] DecodeError),
    /// A batch with more or fewer outcomes than items.
    #[error("{answered} outcomes for {asked} items")]
    Outcomes {
        /// How many items were sent.
        asked: usize,
        /// How many outcomes came back.
        answered: usize,
    },
}
