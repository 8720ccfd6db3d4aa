//! A connection without a client library, for bytes that no library sends.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use cartwheel::message::client::{Get, Got, QuorumOptions, RequestError};
use cartwheel::message::frame::{Flags, Frame, Parsed};
use cartwheel::message::hello::{Hello, Speaker, Welcome};
use cartwheel::message::{Kind, Message, decode, encode};
use cartwheel::node::{NodeId, StoreId};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::cluster::Cluster;

/// A connection without a client library.
pub struct Raw {
    stream: TcpStream,
    buffer: BytesMut,
}

impl Raw {
    pub async fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let buffer = BytesMut::new();
        Self { stream, buffer }
    }

    pub async fn greeted(cluster: &Cluster) -> Self {
        Self::welcomed(cluster, 0).await.0
    }

    async fn welcomed(cluster: &Cluster, at: usize) -> (Self, Welcome) {
        let mut raw = Self::connect(&cluster.nodes[at].client_address).await;
        raw.ask(Hello::KIND, 1, encode(&hello(None))).await;
        let welcome = raw.answer().await.unwrap();
        let welcome = decode(Hello::KIND, &welcome.body).unwrap();
        (raw, welcome)
    }

    /// A connection to the bridge of a node, from one that says it is that member, in the very life
    /// that it lives.
    pub async fn of_member(cluster: &Cluster, at: usize, member: u64) -> Self {
        let (_, Welcome { opening, .. }) = Self::welcomed(cluster, member as usize - 1).await;
        let mut raw = Self::connect(&cluster.nodes[at].bridge_address).await;
        let speaker = Speaker::Node {
            node: NodeId(member),
            store: StoreId(1),
            opening,
            address: String::new(),
            lane: 0,
        };
        let hello = Hello {
            speaker,
            ..hello(Some(7))
        };
        raw.ask(Hello::KIND, 1, encode(&hello)).await;
        let welcome = raw.answer().await.unwrap();
        let _: Welcome = decode(Hello::KIND, &welcome.body).unwrap();
        raw
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    pub async fn ask(&mut self, kind: Kind, call: u64, body: Bytes) {
        self.send(&encoded(Flags::REQUEST, kind, call, body)).await;
    }

    /// Asks what the node has so long for, and no longer.
    pub async fn ask_within(&mut self, remaining_ms: u32, kind: Kind, call: u64, body: Bytes) {
        let frame = Frame {
            kind,
            flags: Flags::REQUEST,
            call,
            remaining_ms,
            body,
        };
        self.send(&bytes_of(&frame)).await;
    }

    /// The next frame; nothing if the node closes the connection.
    pub async fn answer(&mut self) -> Option<Frame> {
        loop {
            if let Parsed::Frame(frame) = Frame::parse(&mut self.buffer, u32::MAX).unwrap() {
                return Some(frame);
            }
            let read = self.stream.read_buf(&mut self.buffer);
            let read = tokio::time::timeout(Duration::from_secs(20), read).await;
            if read.expect("the node answers or closes").unwrap_or(0) == 0 {
                return None;
            }
        }
    }

    pub async fn error(&mut self) -> RequestError {
        let frame = self.answer().await.expect("an error before the end");
        assert!(frame.flags.is_error(), "{frame:?}");
        decode(frame.kind, &frame.body).unwrap()
    }

    /// The connection still serves.
    pub async fn assert_alive(&mut self) {
        self.ask(Get::KIND, 99, encode(&get(b"key"))).await;
        let frame = self.answer().await.expect("the connection is open");
        assert_eq!(frame.call, 99);
        let _: Got = decode(Get::KIND, &frame.body).unwrap();
    }

    pub async fn assert_closed(&mut self) {
        assert_eq!(self.answer().await, None);
    }
}

/// What a client says.
pub fn hello(cluster: Option<u128>) -> Hello {
    Hello {
        cluster: cluster.map(|id| id.to_be_bytes().to_vec()),
        speaker: Speaker::Client("raw".to_owned()),
        credentials: Vec::new(),
    }
}

/// A get of a key of the bucket that every cluster has.
pub fn get(key: &'static [u8]) -> Get {
    Get {
        bucket: "default".to_owned(),
        key: Bytes::from_static(key),
        context: Bytes::new(),
        options: QuorumOptions::default(),
    }
}

/// A frame as bytes, which leaves it to the node how long it takes.
pub fn encoded(flags: Flags, kind: Kind, call: u64, body: Bytes) -> BytesMut {
    let remaining_ms = 0;
    bytes_of(&Frame {
        kind,
        flags,
        call,
        remaining_ms,
        body,
    })
}

fn bytes_of(frame: &Frame) -> BytesMut {
    let mut bytes = BytesMut::new();
    frame.encode(&mut bytes);
    bytes
}
