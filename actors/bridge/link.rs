//! A link: one connection to one peer, made again whenever it breaks.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix::{Actor, Addr, AsyncContext, Context, Supervised};
use bytes::Bytes;
use cartwheel::limits::{BACKGROUND_CREDITS, CHUNK_LEN};
use cartwheel::message::client::RequestError;
use cartwheel::message::frame::{Flags, Frame, HEADER_LEN};
use cartwheel::message::hello::{Hello, Speaker, Welcome};
use cartwheel::message::replica::{Forward, ReplicaGet, ReplicaPut};
use cartwheel::message::{DecodeError, Kind, Message, decode, encode};
use cartwheel::node::{ClusterId, NodeId, StoreId};
use tokio::io::{AsyncWriteExt, ReadHalf};
use tokio::sync::oneshot;

use super::call::CallError;
use super::calls::{Calls, CreditsSpent};
use crate::coordinator::{CoordinatorAddress, PeerEvent};
use crate::frame_reader::{FrameReader, ReadError};
use crate::learning::{BucketLearner, Hint};
use crate::mailbox::post;
use crate::outbox::{Closed, Outbox};
use crate::shell::{Shell, Stream};

/// The longest frame of a link: a chunk with its header, or a batch that was filled up to a
/// chunk and then took one more item.
pub(super) const LINK_FRAME_LEN_MAX: u32 = (2 * CHUNK_LEN + HEADER_LEN) as u32;

/// Who this node is to its peers.
#[derive(Clone, Copy, Debug)]
pub struct PeerIdentity {
    /// The cluster.
    pub cluster: ClusterId,
    /// The node.
    pub node: NodeId,
    /// Its store.
    pub store: StoreId,
}

/// How links behave.
#[derive(Clone, Copy, Debug)]
pub struct LinkOptions {
    /// When connecting and greeting is given up.
    pub connect_timeout: Duration,
    /// When a silent link with something outstanding is broken.
    pub idle_timeout: Duration,
    /// The first wait before connecting again.
    pub reconnect_min: Duration,
    /// The longest.
    pub reconnect_max: Duration,
}

type Answer = oneshot::Receiver<Result<Bytes, CallError>>;

/// One connection to one peer, as those who send see it.
pub struct Link {
    peer: NodeId,
    address: String,
    lane: u16,
    identity: PeerIdentity,
    options: LinkOptions,
    connected: Mutex<Option<Connected>>,
    outstanding: AtomicU32,
    next_call: AtomicU64,
}

/// What ends with a connection: whoever waits for an answer over it is told that none will
/// come, and its credits begin anew.
struct Connected {
    outbox: Arc<Outbox>,
    calls: Calls,
}

impl Link {
    /// A link that is not up yet.
    pub fn new(
        peer: NodeId,
        address: String,
        lane: u16,
        identity: PeerIdentity,
        options: LinkOptions,
    ) -> Arc<Self> {
        Arc::new(Self {
            peer,
            address,
            lane,
            identity,
            options,
            connected: Mutex::default(),
            outstanding: AtomicU32::new(0),
            next_call: AtomicU64::new(1),
        })
    }

    /// The node at the other end.
    pub fn peer(&self) -> NodeId {
        self.peer
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Whether it is connected.
    pub fn is_up(&self) -> bool {
        self.connected().is_some()
    }

    /// Sends a batch of so many items; the answers come to the coordinator.
    pub fn send<M: Message>(&self, message: &M, items: usize) -> Result<(), Closed> {
        let outbox = self.outbox().ok_or(Closed)?;
        let items = u32::try_from(items).unwrap_or(u32::MAX);
        self.outstanding.fetch_add(items, Ordering::Relaxed);
        outbox.push(&request(M::KIND, 0, 0, encode(message)))
    }

    fn outbox(&self) -> Option<Arc<Outbox>> {
        let connected = self.connected();
        connected.as_ref().map(|own| Arc::clone(&own.outbox))
    }

    /// Asks one question, if there is a credit of the background class for it.
    pub async fn call(&self, kind: Kind, body: Bytes, wait: Duration) -> Result<Bytes, CallError> {
        let peer = self.peer;
        let answer = self.ask(kind, body, wait)?;
        match tokio::time::timeout(wait, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(CallError::Unreachable { peer }),
            Err(_) => Err(CallError::TimedOut { peer, wait }),
        }
    }

    fn ask(&self, kind: Kind, body: Bytes, wait: Duration) -> Result<Answer, CallError> {
        let peer = self.peer;
        let call = self.next_call.fetch_add(1, Ordering::Relaxed);
        let (sender, answer) = oneshot::channel();
        let mut connected = self.connected();
        let Some(Connected { outbox, calls }) = &mut *connected else {
            return Err(CallError::Unreachable { peer });
        };
        let limit = BACKGROUND_CREDITS;
        let opened = calls.open(call, sender);
        opened.map_err(|CreditsSpent| CallError::CreditsSpent { peer, limit })?;
        let remaining = u32::try_from(wait.as_millis()).unwrap_or(u32::MAX);
        // Counted before it leaves: the answer may be here before the next line.
        self.outstanding.fetch_add(1, Ordering::Relaxed);
        let sent = outbox.push(&request(kind, call, remaining, body));
        sent.map_err(|Closed| CallError::Unreachable { peer })?;
        Ok(answer)
    }

    fn connected(&self) -> MutexGuard<'_, Option<Connected>> {
        self.connected
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn answered(&self, items: usize) {
        let items = u32::try_from(items).unwrap_or(u32::MAX);
        let subtract = |outstanding: u32| Some(outstanding.saturating_sub(items));
        let relaxed = Ordering::Relaxed;
        let _ = self.outstanding.fetch_update(relaxed, relaxed, subtract);
    }
}

fn request(kind: Kind, call: u64, remaining_ms: u32, body: Bytes) -> Frame {
    let flags = Flags::REQUEST;
    Frame {
        kind,
        flags,
        call,
        remaining_ms,
        body,
    }
}

/// Keeps one link connected, and hands what comes over it to its shard's coordinator.
pub struct LinkActor {
    link: Arc<Link>,
    shell: Shell,
    coordinators: Vec<CoordinatorAddress>,
    learner: Addr<BucketLearner>,
    own: usize,
}

impl LinkActor {
    /// The keeper of a link of the shard `own`.
    pub fn new(
        link: Arc<Link>,
        shell: Shell,
        coordinators: Vec<CoordinatorAddress>,
        learner: Addr<BucketLearner>,
        own: usize,
    ) -> Self {
        Self {
            link,
            shell,
            coordinators,
            learner,
            own,
        }
    }
}

impl LinkActor {
    fn keeper(&self) -> Keeper {
        Keeper {
            link: Arc::clone(&self.link),
            shell: self.shell.clone(),
            coordinators: self.coordinators.clone(),
            learner: self.learner.clone(),
            own: self.own,
        }
    }
}

impl Actor for LinkActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        let keeper = self.keeper();
        // One future for the whole life of the actor: a panic in it restarts the actor.
        context.spawn(actix::fut::wrap_future(keeper.keep()));
    }
}

impl Supervised for LinkActor {
    fn restarting(&mut self, _: &mut Self::Context) {
        let connected = self.link.connected().take();
        if let Some(Connected { outbox, .. }) = connected {
            outbox.close();
        }
        let keeper = self.keeper();
        keeper.tell(PeerEvent::Down(self.link.peer));
    }
}

struct Keeper {
    link: Arc<Link>,
    shell: Shell,
    coordinators: Vec<CoordinatorAddress>,
    learner: Addr<BucketLearner>,
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
        let mut entropy = self.shell.entropy.fork();
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
            .shell
            .network
            .connect(self.link.address.clone())
            .await?;
        let PeerIdentity {
            cluster,
            node,
            store,
        } = self.link.identity;
        let hello = Hello {
            cluster: Some(cluster.0.to_be_bytes().to_vec()),
            speaker: Speaker::Node {
                node,
                store,
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

    async fn run(&self, stream: Box<dyn Stream>, _: &Welcome) -> LinkError {
        let (read, mut write) = tokio::io::split(stream);
        let outbox = Arc::new(Outbox::between_nodes());
        self.link.outstanding.store(0, Ordering::Relaxed);
        *self.link.connected() = Some(Connected {
            outbox: Arc::clone(&outbox),
            calls: Calls::default(),
        });
        self.tell(PeerEvent::Up(self.link.peer));
        // What the peer has activated while the link was down, nobody has told this node.
        post(&self.learner, Hint(self.link.peer));
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
        let mine = (self.own..self.coordinators.len()).step_by(lanes);
        if mine.len() == 1 {
            return self.coordinators[self.own].peer_event(event);
        }
        for shard in mine {
            self.coordinators[shard].peer_event(event.only_for(shard));
        }
    }
}

#[cfg(test)]
mod tests;
