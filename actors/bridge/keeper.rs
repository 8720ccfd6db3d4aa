//! The actor behind a link: it connects again whenever the connection breaks, and hands on what
//! comes.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use actix::{Actor, Addr, AsyncContext, Context, Supervised};
use bytes::Bytes;
use cartwheel::limits::CHUNK_LEN;
use cartwheel::message::client::RequestError;
use cartwheel::message::frame::{Flags, Frame, HEADER_LEN};
use cartwheel::message::hello::{Hello, Speaker, Welcome};
use cartwheel::message::replica::{Forward, ReplicaGet, ReplicaPut};
use cartwheel::message::{DecodeError, Kind, Message, decode, encode};
use cartwheel::node::NodeId;
use tokio::io::{AsyncWriteExt, ReadHalf};

use super::call::CallError;
use super::calls::Calls;
use super::link::{Connected, Link, request};
use super::openings::Openings;
use crate::coordinator::{CoordinatorAddress, PeerEvent};
use crate::frame_reader::{FrameReader, ReadError};
use crate::learning::{BucketLearner, Hint};
use crate::mailbox::post;
use crate::outbox::Outbox;
use crate::shell::{Shell, Stream};

/// The longest frame of a link: a chunk with its header, or a batch that was filled up to a
/// chunk and then took one more item.
pub(super) const LINK_FRAME_LEN_MAX: u32 = (2 * CHUNK_LEN + HEADER_LEN) as u32;

/// What the keeper of a link needs of its node.
#[derive(Clone)]
pub struct LinkParts {
    /// The network and randomness.
    pub shell: Shell,
    /// Who gets what comes, by shard.
    pub coordinators: Vec<CoordinatorAddress>,
    /// Who asks the peer for buckets.
    pub learner: Addr<BucketLearner>,
    /// Who has connected to this node.
    pub openings: Arc<Openings>,
    /// Called when another live process has the id of this node.
    pub fatal: Arc<dyn Fn(&str) + Send + Sync>,
}

/// Keeps one link connected, and hands what comes over it to its shard's coordinator.
pub struct LinkActor(Keeper);

impl LinkActor {
    /// The keeper of a link of the shard `own`.
    pub fn new(link: Arc<Link>, parts: LinkParts, own: usize) -> Self {
        Self(Keeper { link, parts, own })
    }
}

impl Actor for LinkActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        let keeper = self.0.clone();
        // One future for the whole life of the actor: a panic in it restarts the actor.
        context.spawn(actix::fut::wrap_future(keeper.keep()));
    }
}

impl Supervised for LinkActor {
    fn restarting(&mut self, _: &mut Self::Context) {
        let Self(keeper) = self;
        let connected = keeper.link.connected().take();
        if let Some(Connected { outbox, .. }) = connected {
            outbox.close();
        }
        keeper.tell(PeerEvent::Down(keeper.link.peer));
    }
}

#[derive(Clone)]
struct Keeper {
    link: Arc<Link>,
    parts: LinkParts,
    own: usize,
}

/// Why a link is down.
#[derive(Debug, thiserror::Error)]
enum LinkError {
    #[error("could not connect: {0}")]
    Connect(#[from] std::io::Error),
    #[error("no greeting within {0:?}")]
    Slow(Duration),
    #[error("refused: {0}")]
    Refused(RequestError),
    #[error("the greeting is none")]
    Greeting,
    #[error("{found} answers at the address of {wanted}")]
    WrongNode { wanted: NodeId, found: NodeId },
    #[error("nothing came for {0:?} though answers are outstanding")]
    Silent(Duration),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Answer(#[from] DecodeError),
}

impl Keeper {
    async fn keep(self) {
        let mut entropy = self.parts.shell.entropy.fork();
        let mut wait = self.link.options.reconnect_min;
        let mut told = false;
        loop {
            let error = match self.connect().await {
                Ok((stream, welcome)) => {
                    tracing::info!(peer = %self.link.peer, lane = self.link.lane, "link up");
                    (wait, told) = (self.link.options.reconnect_min, false);
                    self.run(stream, &welcome).await
                }
                Err(error) => error,
            };
            if let LinkError::Refused(error @ RequestError::SecondOpening { .. }) = &error {
                (self.parts.fatal)(&error.to_string());
            }
            if !told {
                tracing::warn!(peer = %self.link.peer, lane = self.link.lane, %error, "link down");
                told = true;
            }
            // Half of the wait is random, so that nodes that lost a peer together do not
            // come back together.
            let half = wait / 2;
            let jitter = half.mul_f64((entropy.next_u64() >> 40) as f64 / (1_u64 << 24) as f64);
            tokio::time::sleep(half + jitter).await;
            wait = (wait * 2).min(self.link.options.reconnect_max);
        }
    }

    async fn connect(&self) -> Result<(Box<dyn Stream>, Welcome), LinkError> {
        let wait = self.link.options.connect_timeout;
        let greeting = tokio::time::timeout(wait, self.greet());
        greeting.await.unwrap_or(Err(LinkError::Slow(wait)))
    }

    async fn greet(&self) -> Result<(Box<dyn Stream>, Welcome), LinkError> {
        let mut stream = self
            .parts
            .shell
            .network
            .connect(self.link.address.clone())
            .await?;
        let own = &self.link.identity;
        let hello = Hello {
            cluster: Some(own.cluster.0.to_be_bytes().to_vec()),
            speaker: Speaker::Node {
                node: own.node,
                store: own.store,
                opening: own.opening,
                address: own.address.clone(),
                lane: self.link.lane,
            },
            credentials: Vec::new(),
        };
        let mut bytes = bytes::BytesMut::new();
        request(Hello::KIND, 1, 0, encode(&hello)).encode(&mut bytes);
        stream.write_all(&bytes).await?;
        let mut reader = FrameReader::from_node(&mut stream, LINK_FRAME_LEN_MAX);
        // The peer sends nothing behind its welcome until it is asked something.
        let welcome = self.welcomed(&reader.greeting().await?)?;
        Ok((stream, welcome))
    }

    fn welcomed(&self, frame: &Frame) -> Result<Welcome, LinkError> {
        if frame.flags.is_error() {
            let error = decode(frame.kind, &frame.body).map_err(|_| LinkError::Greeting)?;
            return Err(LinkError::Refused(error));
        }
        let welcome: Welcome = decode(frame.kind, &frame.body).map_err(|_| LinkError::Greeting)?;
        if welcome.node != self.link.peer {
            let (wanted, found) = (self.link.peer, welcome.node);
            return Err(LinkError::WrongNode { wanted, found });
        }
        Ok(welcome)
    }

    async fn run(&self, stream: Box<dyn Stream>, welcome: &Welcome) -> LinkError {
        let (read, mut write) = tokio::io::split(stream);
        let outbox = Arc::new(Outbox::between_nodes());
        self.link.outstanding.store(0, Ordering::Relaxed);
        *self.link.connected() = Some(Connected {
            outbox: Arc::clone(&outbox),
            calls: Calls::default(),
            opening: welcome.opening,
        });
        let Link { peer, .. } = *self.link;
        self.parts.openings.end_others(peer, welcome.opening);
        self.tell(PeerEvent::Up(self.link.peer));
        // What the peer has activated while the link was down, nobody has told this node.
        post(&self.parts.learner, Hint(self.link.peer));
        let written = async {
            while let Some(bytes) = outbox.take().await {
                if let Err(error) = write.write_all(&bytes).await {
                    return LinkError::Connect(error);
                }
                outbox.wrote(bytes.len());
            }
            LinkError::Greeting
        };
        let reader = FrameReader::from_node(read, LINK_FRAME_LEN_MAX);
        let error = tokio::select! {
            biased;
            error = self.read(reader, &outbox) => error,
            error = written => error,
        };
        outbox.close();
        let connected = self.link.connected().take();
        drop(connected);
        self.tell(PeerEvent::Down(self.link.peer));
        error
    }

    async fn read(
        &self,
        mut reader: FrameReader<ReadHalf<Box<dyn Stream>>>,
        outbox: &Outbox,
    ) -> LinkError {
        let mut frames = Vec::new();
        let idle = self.link.options.idle_timeout;
        loop {
            let before = (reader.received(), outbox.written());
            match tokio::time::timeout(idle, reader.frames(&mut frames)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return error.into(),
                // A large message that arrives or leaves slowly is no silence.
                Err(_) if (reader.received(), outbox.written()) != before => continue,
                Err(_) if self.link.outstanding.load(Ordering::Relaxed) == 0 => continue,
                Err(_) => return LinkError::Silent(idle),
            }
            for frame in frames.drain(..) {
                if let Err(error) = self.dispatch(frame) {
                    return error.into();
                }
            }
        }
    }

    /// An answer that is none ends the link: what it answered would wait for ever.
    fn dispatch(&self, frame: Frame) -> Result<(), DecodeError> {
        let Frame {
            kind,
            body,
            call,
            flags,
            ..
        } = frame;
        if call != 0 {
            self.close_call(call, kind, body, flags);
            return Ok(());
        }
        let peer = self.link.peer;
        let event = match kind {
            ReplicaPut::KIND => PeerEvent::Stored(peer, decode(kind, &body)?),
            ReplicaGet::KIND => PeerEvent::Got(peer, decode(kind, &body)?),
            Forward::KIND => PeerEvent::Forwarded(peer, decode(kind, &body)?),
            _ => {
                tracing::warn!(%peer, %kind, "an answer that nobody asked for");
                return Ok(());
            }
        };
        self.link.answered(event.items());
        self.tell(event);
        Ok(())
    }

    fn close_call(&self, call: u64, kind: Kind, body: Bytes, flags: Flags) {
        self.link.answered(1);
        let closed = match &mut *self.link.connected() {
            Some(Connected { calls, .. }) => calls.close(call),
            None => None,
        };
        let Some(waiting) = closed else {
            return;
        };
        let answer = match flags.is_error() {
            false => Ok(body),
            true => Err(decode(kind, &body).map_or_else(CallError::Malformed, CallError::Refused)),
        };
        // Whoever asked may have stopped waiting.
        let _ = waiting.send(answer);
    }

    /// Tells the coordinator of the link's shard, or those of the shards that share the link.
    fn tell(&self, event: PeerEvent) {
        let lanes = usize::from(cartwheel::limits::LINKS_PER_PEER_MAX);
        let mine = (self.own..self.parts.coordinators.len()).step_by(lanes);
        if mine.len() == 1 {
            return self.parts.coordinators[self.own].peer_event(event);
        }
        for shard in mine {
            self.parts.coordinators[shard].peer_event(event.only_for(shard));
        }
    }
}
