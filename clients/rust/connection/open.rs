//! From an endpoint to a connection: `Hello`, and the node's `Welcome`.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::BytesMut;
use cartwheel::limits::ANSWER_FRAME_LEN_MAX;
use cartwheel::message::client::RequestError;
use cartwheel::message::frame::{Flags, Frame, Parsed};
use cartwheel::message::hello::{Hello, Welcome};
use cartwheel::message::{Message, decode, encode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Notify, Semaphore};
use tokio::time::timeout;

use super::calls::Calls;
use super::{Connection, OUTBOX_LEN_MAX};
use crate::connect::{Connect, Streams};
use crate::connection_error::{BadAnswer, ConnectionError};

/// The call id of the first frame; the ids of requests are greater.
const HELLO_CALL: u64 = 1;

/// What is said to every node, and how long it has to answer.
#[derive(Debug)]
pub(crate) struct Greeting {
    pub(crate) hello: Hello,
    pub(crate) patience: Duration,
}

/// A connection, and the streams that its task drives.
pub(crate) struct Opened {
    pub(crate) connection: Connection,
    pub(crate) streams: Streams,
    /// What came behind the welcome.
    pub(crate) rest: BytesMut,
}

impl Greeting {
    /// Connects and is welcomed, or says why not.
    pub(crate) async fn open(
        &self,
        connect: &dyn Connect,
        endpoint: &Arc<str>,
    ) -> Result<Opened, ConnectionError> {
        let opened = timeout(self.patience, self.greet(connect, endpoint)).await;
        opened.unwrap_or_else(|_elapsed| {
            Err(ConnectionError::NotWelcomed {
                endpoint: endpoint.to_string(),
                after: self.patience,
            })
        })
    }

    async fn greet(
        &self,
        connect: &dyn Connect,
        endpoint: &Arc<str>,
    ) -> Result<Opened, ConnectionError> {
        let name = || endpoint.to_string();
        let connected = connect.connect(endpoint).await;
        let mut streams = connected.map_err(|source| ConnectionError::Connect {
            endpoint: name(),
            source,
        })?;
        let written = streams.write.write_all(&self.frame()).await;
        written.map_err(|source| ConnectionError::Broken {
            endpoint: name(),
            source,
        })?;
        let mut rest = BytesMut::new();
        let frame = first_frame(&mut streams, &mut rest, endpoint).await?;
        Ok(Opened {
            connection: Connection::new(endpoint, welcome(&frame, endpoint)?),
            streams,
            rest,
        })
    }

    fn frame(&self) -> BytesMut {
        let mut buffer = BytesMut::new();
        let frame = Frame {
            kind: Hello::KIND,
            flags: Flags::REQUEST,
            call: HELLO_CALL,
            remaining_ms: u32::try_from(self.patience.as_millis()).unwrap_or(u32::MAX),
            body: encode(&self.hello),
        };
        frame.encode(&mut buffer);
        buffer
    }
}

impl Connection {
    pub(super) fn new(endpoint: &Arc<str>, welcome: Welcome) -> Self {
        // Without a single credit nothing could ever be asked; a node that wants no requests
        // stops reading, whatever it said.
        let credits = (welcome.credits as usize).clamp(1, Semaphore::MAX_PERMITS);
        Self {
            endpoint: endpoint.clone(),
            frame_limit: welcome.frame_limit,
            credits: Semaphore::new(credits),
            outbox_bytes: Semaphore::new(OUTBOX_LEN_MAX),
            calls: Mutex::new(Calls::new()),
            queued: Notify::new(),
            rearmed: Notify::new(),
        }
    }
}

async fn first_frame(
    streams: &mut Streams,
    buffer: &mut BytesMut,
    endpoint: &Arc<str>,
) -> Result<Frame, ConnectionError> {
    loop {
        let parsed = Frame::parse(buffer, ANSWER_FRAME_LEN_MAX);
        let parsed = parsed.map_err(|cause| bad_answer(endpoint, cause.into()))?;
        if let Parsed::Frame(frame) = parsed {
            return Ok(frame);
        }
        let endpoint = || endpoint.to_string();
        match streams.read.read_buf(buffer).await {
            Ok(0) => {
                return Err(ConnectionError::Closed {
                    endpoint: endpoint(),
                    unread: buffer.len(),
                });
            }
            Ok(_) => {}
            Err(source) => {
                return Err(ConnectionError::Broken {
                    endpoint: endpoint(),
                    source,
                });
            }
        }
    }
}

fn welcome(frame: &Frame, endpoint: &Arc<str>) -> Result<Welcome, ConnectionError> {
    let bad = |cause| bad_answer(endpoint, cause);
    if frame.flags == Flags::ERROR {
        let refusal = decode::<RequestError>(frame.kind, &frame.body);
        return Err(ConnectionError::Refused {
            endpoint: endpoint.to_string(),
            refusal: refusal.map_err(|cause| bad(cause.into()))?,
        });
    }
    if frame.flags != Flags::REPLY {
        let flags = frame.flags;
        return Err(bad(BadAnswer::NotAnAnswer { flags }));
    }
    if frame.kind != Hello::KIND {
        let (asked, answered) = (Hello::KIND, frame.kind);
        return Err(bad(BadAnswer::WrongKind { asked, answered }));
    }
    decode(frame.kind, &frame.body).map_err(|cause| bad(cause.into()))
}

fn bad_answer(endpoint: &Arc<str>, cause: BadAnswer) -> ConnectionError {
    ConnectionError::BadAnswer {
        endpoint: endpoint.to_string(),
        cause,
    }
}
