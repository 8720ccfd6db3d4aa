//! A link: one connection to one peer, as those who send over it see it.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use cartwheel::limits::MESSAGE_LEN_MAX;
use cartwheel::message::clock::ClockQuery;
use cartwheel::message::frame::{Flags, Frame, HEADER_LEN};
use cartwheel::message::{Kind, Message, encode};
use cartwheel::node::{ClusterId, NodeId, OpeningId, StoreId};
use tokio::sync::oneshot;

use super::call::CallError;
use super::calls::{Calls, CreditsSpent};
use crate::outbox::{Closed, Outbox};

/// Who this node is to its peers.
#[derive(Clone, Debug)]
pub struct PeerIdentity {
    /// The cluster.
    pub cluster: ClusterId,
    /// The node.
    pub node: NodeId,
    /// Its store.
    pub store: StoreId,
    /// Its life.
    pub opening: OpeningId,
    /// Where it serves nodes.
    pub address: String,
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
    pub(super) peer: NodeId,
    pub(super) address: String,
    pub(super) lane: u16,
    pub(super) identity: PeerIdentity,
    pub(super) options: LinkOptions,
    connected: Mutex<Option<Connected>>,
    pub(super) outstanding: AtomicU32,
    next_call: AtomicU64,
}

/// What ends with a connection: whoever waits for an answer over it is told that none will
/// come, and its credits begin anew.
pub(super) struct Connected {
    /// What leaves over it.
    pub outbox: Arc<Outbox>,
    /// The questions under way.
    pub calls: Calls,
    /// Which life of the peer it is with.
    pub opening: OpeningId,
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

    /// The life of the peer that answers at its address, if the link is up.
    pub(crate) fn opening(&self) -> Option<OpeningId> {
        self.connected().as_ref().map(|own| own.opening)
    }

    /// Whether that one still answers. Half of the time that a greeting may take, because someone's
    /// greeting waits for it.
    pub(crate) async fn answers(&self) -> bool {
        let wait = self.options.connect_timeout / 2;
        let answer = self.call(ClockQuery::KIND, encode(&ClockQuery), wait).await;
        matches!(answer, Ok(_) | Err(CallError::Refused(_)))
    }

    /// Gives up the connection to a life that does not answer, unless it is over already.
    pub(crate) fn break_off(&self, opening: OpeningId) {
        if let Some(own) = self.connected().as_ref()
            && own.opening == opening
        {
            own.outbox.close();
        }
    }

    pub(super) fn outbox(&self) -> Option<Arc<Outbox>> {
        let connected = self.connected();
        connected.as_ref().map(|own| Arc::clone(&own.outbox))
    }

    /// Asks one question, if there is a credit of its class.
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
        let (peer, len, limit) = (self.peer, body.len(), MESSAGE_LEN_MAX - HEADER_LEN);
        if len > limit {
            // The peer would end the connection over it, and with it all that others have asked.
            return Err(CallError::QuestionTooLarge { peer, len, limit });
        }
        let call = self.next_call.fetch_add(1, Ordering::Relaxed);
        let (sender, answer) = oneshot::channel();
        let mut connected = self.connected();
        let Some(Connected { outbox, calls, .. }) = &mut *connected else {
            return Err(CallError::Unreachable { peer });
        };
        let opened = calls.open(call, kind, sender);
        opened.map_err(|CreditsSpent { limit }| CallError::CreditsSpent { peer, limit })?;
        let remaining = u32::try_from(wait.as_millis()).unwrap_or(u32::MAX);
        // Counted before it leaves: the answer may be here before the next line.
        self.outstanding.fetch_add(1, Ordering::Relaxed);
        let sent = outbox.push(&request(kind, call, remaining, body));
        sent.map_err(|Closed| CallError::Unreachable { peer })?;
        Ok(answer)
    }

    pub(super) fn connected(&self) -> MutexGuard<'_, Option<Connected>> {
        self.connected
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn answered(&self, items: usize) {
        let items = u32::try_from(items).unwrap_or(u32::MAX);
        let subtract = |outstanding: u32| Some(outstanding.saturating_sub(items));
        let relaxed = Ordering::Relaxed;
        let _ = self.outstanding.fetch_update(relaxed, relaxed, subtract);
    }
}

pub(super) fn request(kind: Kind, call: u64, remaining_ms: u32, body: Bytes) -> Frame {
    let flags = Flags::REQUEST;
    Frame {
        kind,
        flags,
        call,
        remaining_ms,
        body,
    }
}

#[cfg(test)]
mod tests;
