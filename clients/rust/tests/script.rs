//! A node by script: it hears frames and says what the test tells it to.

use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use cartwheel::limits::CLIENT_FRAME_LEN_MAX;
use cartwheel::message::client::{Get, Got, RequestError, Sibling};
use cartwheel::message::frame::{Flags, Frame, Parsed};
use cartwheel::message::hello::{Hello, Welcome};
use cartwheel::message::{Kind, Message, decode, encode};
use cartwheel::node::{NodeId, OpeningId, StoreId};
use cartwheel_client::{Client, ClientBuilder};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Long enough for a machine that does much else.
pub const LONG: Duration = Duration::from_secs(30);

/// What a test gives an answer time that must not come; longer than any scheduling delay.
pub const SHORT: Duration = Duration::from_millis(200);

/// A listening node.
pub struct Node {
    listener: TcpListener,
    welcome: Welcome,
}

impl Node {
    pub async fn listen() -> Self {
        Self {
            listener: TcpListener::bind("127.0.0.1:0").await.unwrap(),
            welcome: welcome(),
        }
    }

    /// A node that takes so many requests at once.
    pub fn with_credits(mut self, credits: u32) -> Self {
        self.welcome.credits = credits;
        self
    }

    /// A node that takes frames of this length.
    pub fn with_frame_limit(mut self, frame_limit: u32) -> Self {
        self.welcome.frame_limit = frame_limit;
        self
    }

    pub fn endpoint(&self) -> String {
        self.listener.local_addr().unwrap().to_string()
    }

    /// A builder for a client of this node alone, with all the time in the world.
    pub fn builder(&self) -> ClientBuilder {
        let builder = Client::builder().endpoints([self.endpoint()]);
        let builder = builder.timeout(LONG).attempt_timeout(LONG);
        builder.connect_timeout(LONG)
    }

    /// Takes a connection and says nothing yet.
    pub async fn take(&self) -> Session<TcpStream> {
        let accepted = timeout(LONG, self.listener.accept()).await;
        Session::new(accepted.expect("the client connects").unwrap().0)
    }

    /// Takes a connection and welcomes the client.
    pub async fn accept(&self) -> Session<TcpStream> {
        let mut session = self.take().await;
        session.welcome(&self.welcome).await;
        session
    }

    /// A client of this node, and the session that it opened.
    pub async fn connect(&self, builder: ClientBuilder) -> (Client, Session<TcpStream>) {
        let (client, session) = tokio::join!(builder.build(), self.accept());
        (client.unwrap(), session)
    }
}

/// What nodes say in these tests.
pub fn welcome() -> Welcome {
    Welcome {
        cluster: vec![7; 16],
        node: NodeId(1),
        store: StoreId(2),
        opening: OpeningId(3),
        credits: 1024,
        frame_limit: CLIENT_FRAME_LEN_MAX,
    }
}

/// One connection, from the node's side.
pub struct Session<S> {
    stream: S,
    buffer: BytesMut,
}

impl<S: AsyncReadExt + AsyncWriteExt + Unpin> Session<S> {
    pub fn new(stream: S) -> Self {
        let buffer = BytesMut::new();
        Self { stream, buffer }
    }

    pub async fn welcome(&mut self, welcome: &Welcome) -> Hello {
        let frame = self.next().await;
        assert_eq!(frame.kind, Hello::KIND);
        self.answer(&frame, welcome).await;
        body(&frame)
    }

    /// The next frame; panics if the client closes instead.
    pub async fn next(&mut self) -> Frame {
        let frame = self.next_or_end().await;
        frame.expect("a frame, not the end of the stream")
    }

    /// The next frame, or none at the end of the stream.
    pub async fn next_or_end(&mut self) -> Option<Frame> {
        loop {
            let parsed = Frame::parse(&mut self.buffer, CLIENT_FRAME_LEN_MAX).unwrap();
            if let Parsed::Frame(frame) = parsed {
                return Some(frame);
            }
            let read = timeout(LONG, self.stream.read_buf(&mut self.buffer)).await;
            // A broken connection is an end like another.
            if read.expect("the client says something").unwrap_or(0) == 0 {
                return None;
            }
        }
    }

    pub async fn answer<T: serde::Serialize>(&mut self, question: &Frame, answer: &T) {
        let answer = reply(question, Flags::REPLY, encode(answer));
        self.say(&answer).await.unwrap();
    }

    pub async fn refuse(&mut self, question: &Frame, refusal: &RequestError) {
        let answer = reply(question, Flags::ERROR, encode(refusal));
        self.say(&answer).await.unwrap();
    }

    pub async fn say(&mut self, frame: &Frame) -> io::Result<()> {
        let mut buffer = BytesMut::new();
        frame.encode(&mut buffer);
        self.say_bytes(&buffer).await
    }

    pub async fn say_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }
}

/// A frame that answers another.
pub fn reply(question: &Frame, flags: Flags, body: Bytes) -> Frame {
    Frame {
        kind: question.kind,
        flags,
        call: question.call,
        remaining_ms: 0,
        body,
    }
}

/// The body of a frame, decoded.
pub fn body<T: serde::de::DeserializeOwned>(frame: &Frame) -> T {
    decode(Kind(0), &frame.body).unwrap()
}

/// The key of a read.
pub fn key_of(frame: &Frame) -> Bytes {
    body::<Get>(frame).key
}

/// The answer to a read, with one value.
pub fn found(value: impl Into<Bytes>) -> Got {
    Got {
        values: vec![Sibling {
            value: value.into(),
            attributes: None,
        }],
        context: Bytes::from_static(b"context"),
        explain: None,
    }
}
