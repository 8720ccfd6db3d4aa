//! One request, from its first attempt to its last.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cartwheel::message::client::RequestError;
use cartwheel::message::frame::Frame;
use cartwheel::message::{Kind, Message, decode, encode};
use cartwheel::planted_bug::{self, PlantedBug};
use tokio::time::Instant;

use crate::attempts::{Attempts, Effect, Failure};
use crate::connection::Connection;
use crate::connection_error::BadAnswer;
use crate::error::Error;
use crate::pool::Pool;
use crate::settings::Settings;
use crate::time_limit::TimeLimit;

/// As long as a client waits that has no deadline.
const FOR_EVER: Duration = Duration::from_secs(3_600);

/// Where requests go.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) pool: Arc<Pool>,
    pub(crate) settings: Arc<Settings>,
}

/// An answer, and how it came about.
pub(crate) struct Answered<T> {
    pub(crate) reply: T,
    /// Who answered.
    pub(crate) connection: Arc<Connection>,
    /// How many attempts there were before.
    pub(crate) failed: u32,
    /// One of them may have done what was asked.
    pub(crate) in_doubt: bool,
}

impl Exchange {
    /// Sends a message, again if need be, and gives its answer. The bytes are the same each
    /// time, and with them the request id.
    pub(crate) async fn ask<M: Message>(
        &self,
        message: &M,
        effect: Effect,
        time: TimeLimit,
    ) -> Result<M::Reply, Error> {
        let answered = self.ask_for_account(message, effect, time).await?;
        Ok(answered.reply)
    }

    /// As [`ask`](Self::ask), and tells who answered and what the attempts before were.
    pub(crate) async fn ask_for_account<M: Message>(
        &self,
        message: &M,
        effect: Effect,
        time: TimeLimit,
    ) -> Result<Answered<M::Reply>, Error> {
        let mut attempts = Attempts::new(&self.settings, effect, time);
        let (frame, connection) = self.send(M::KIND, encode(message), &mut attempts).await?;
        match decode(M::KIND, &frame.body) {
            Ok(reply) => Ok(Answered {
                reply,
                connection,
                failed: attempts.failed(),
                in_doubt: attempts.are_in_doubt(),
            }),
            Err(cause) => Err(Error::bad_answer(&connection, cause.into(), effect)),
        }
    }

    async fn send(
        &self,
        kind: Kind,
        body: Bytes,
        attempts: &mut Attempts,
    ) -> Result<(Frame, Arc<Connection>), Error> {
        let mut avoid: Option<Arc<Connection>> = None;
        loop {
            let deadline = attempts.deadline();
            let other = avoid.as_ref().map(|connection| connection.endpoint());
            let connection = self.pool.connection(other, deadline).await;
            let connection = connection.map_err(|last| attempts.unreachable(last))?;
            let deadline = match planted_bug::is(PlantedBug::WaitForTheAnswer) {
                true => deadline + FOR_EVER,
                false => deadline.min(Instant::now() + self.settings.attempt_timeout),
            };
            match attempt(&connection, kind, body.clone(), deadline).await {
                Ok(frame) => return Ok((frame, connection)),
                Err(failure) => attempts.next(failure).await?,
            }
            avoid = Some(connection);
        }
    }
}

async fn attempt(
    connection: &Connection,
    kind: Kind,
    body: Bytes,
    deadline: Instant,
) -> Result<Frame, Failure> {
    let called = connection.call(kind, body, deadline).await;
    let frame = called.map_err(Failure::Call)?;
    let bad = |cause| Failure::BadAnswer {
        endpoint: connection.endpoint().to_owned(),
        cause,
    };
    if frame.kind != kind {
        let (asked, answered) = (kind, frame.kind);
        return Err(bad(BadAnswer::WrongKind { asked, answered }));
    }
    if !frame.flags.is_error() {
        return Ok(frame);
    }
    match decode::<RequestError>(kind, &frame.body) {
        Ok(refusal) => Err(Failure::Refused(refusal)),
        Err(cause) => Err(bad(cause.into())),
    }
}
