//! The reader: every whole frame of a read goes to the call that waits for it.

use bytes::BytesMut;
use cartwheel::limits::ANSWER_FRAME_LEN_MAX;
use cartwheel::message::client::RequestError;
use cartwheel::message::decode;
use cartwheel::message::frame::{Flags, Frame, Parsed};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::Instant;

use super::Connection;
use crate::connection_error::{BadAnswer, ConnectionError};

/// What one read may bring: hundreds of small answers.
const READ_LEN: usize = 64 * 1024;

/// How much of a large answer is made room for at once: a length that lies costs no more.
const READ_LEN_MAX: usize = 1024 * 1024;

/// A connection-wide error, as against the answer to one call.
const NO_CALL: u64 = 0;

impl Connection {
    /// Reads until the connection ends, and says why it did.
    pub(super) async fn read(
        &self,
        mut stream: impl AsyncRead + Unpin,
        mut buffer: BytesMut,
    ) -> ConnectionError {
        loop {
            let missing = match self.hand_out(&mut buffer) {
                Ok(missing) => missing,
                Err(error) => return error,
            };
            buffer.reserve(missing.clamp(READ_LEN, READ_LEN_MAX));
            let endpoint = || self.endpoint.to_string();
            match stream.read_buf(&mut buffer).await {
                Ok(0) => {
                    let (endpoint, unread) = (endpoint(), buffer.len());
                    return ConnectionError::Closed { endpoint, unread };
                }
                Ok(_) => {}
                Err(source) => {
                    let endpoint = endpoint();
                    return ConnectionError::Broken { endpoint, source };
                }
            }
        }
    }

    /// Hands out the whole frames of the buffer, and tells how many bytes the next one lacks.
    fn hand_out(&self, buffer: &mut BytesMut) -> Result<usize, ConnectionError> {
        let mut calls = self.calls();
        let missing = loop {
            match Frame::parse(buffer, ANSWER_FRAME_LEN_MAX) {
                Ok(Parsed::Frame(frame)) => calls.answer(self.check(frame)?),
                Ok(Parsed::Incomplete { wanted }) => break wanted.saturating_sub(buffer.len()),
                Err(cause) => return Err(self.bad_answer(cause.into())),
            }
        };
        calls.heard(Instant::now());
        Ok(missing)
    }

    fn check(&self, frame: Frame) -> Result<Frame, ConnectionError> {
        let flags = frame.flags;
        if flags != Flags::REPLY && flags != Flags::ERROR {
            return Err(self.bad_answer(BadAnswer::NotAnAnswer { flags }));
        }
        if frame.call == NO_CALL {
            return Err(self.refused(&frame));
        }
        Ok(frame)
    }

    fn refused(&self, frame: &Frame) -> ConnectionError {
        match decode::<RequestError>(frame.kind, &frame.body) {
            Ok(refusal) => ConnectionError::Refused {
                endpoint: self.endpoint.to_string(),
                refusal,
            },
            Err(cause) => self.bad_answer(cause.into()),
        }
    }

    fn bad_answer(&self, cause: BadAnswer) -> ConnectionError {
        ConnectionError::BadAnswer {
            endpoint: self.endpoint.to_string(),
            cause,
        }
    }
}
