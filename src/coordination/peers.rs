//! The other nodes as one coordinator sees them: links and credits (rule 11).

use std::collections::BTreeMap;

use crate::limits::{FORWARD_CREDITS, REPLICA_CREDIT_BYTES, REPLICA_CREDITS};
use crate::node::NodeId;

/// What one peer may still be sent, by class: a class never waits for another's credits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeerCredits {
    /// Whether the link is up.
    pub up: bool,
    /// Replica requests under way.
    pub replica: u32,
    /// Their bytes.
    pub replica_bytes: usize,
    /// Forwarded requests under way.
    pub forward: u32,
}

#[derive(Debug, Default)]
pub(super) struct Peers {
    peers: BTreeMap<NodeId, PeerCredits>,
}

/// Why a peer is not sent something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoCredit {
    Down,
    Spent,
}

impl Peers {
    pub(super) fn up(&mut self, node: NodeId) {
        self.peers.entry(node).or_default().up = true;
    }

    /// The link is down: what was under way is answered by no one, and its credits are free.
    pub(super) fn down(&mut self, node: NodeId) {
        self.peers.insert(node, PeerCredits::default());
    }

    pub(super) fn replica_room(&self, node: NodeId) -> Result<(), NoCredit> {
        let peer = self.peer(node)?;
        let room = peer.replica < REPLICA_CREDITS && peer.replica_bytes < REPLICA_CREDIT_BYTES;
        if room { Ok(()) } else { Err(NoCredit::Spent) }
    }

    pub(super) fn take_replica(&mut self, node: NodeId, bytes: usize) -> Result<(), NoCredit> {
        self.replica_room(node)?;
        let peer = self.peers.entry(node).or_default();
        peer.replica += 1;
        peer.replica_bytes += bytes;
        Ok(())
    }

    pub(super) fn give_replica(&mut self, node: NodeId, bytes: usize) {
        let peer = self.peers.entry(node).or_default();
        peer.replica = peer.replica.saturating_sub(1);
        peer.replica_bytes = peer.replica_bytes.saturating_sub(bytes);
    }

    pub(super) fn take_forward(&mut self, node: NodeId) -> Result<(), NoCredit> {
        if self.peer(node)?.forward >= FORWARD_CREDITS {
            return Err(NoCredit::Spent);
        }
        self.peers.entry(node).or_default().forward += 1;
        Ok(())
    }

    pub(super) fn give_forward(&mut self, node: NodeId) {
        let peer = self.peers.entry(node).or_default();
        peer.forward = peer.forward.saturating_sub(1);
    }

    pub(super) fn credits(&self) -> impl Iterator<Item = (NodeId, PeerCredits)> {
        self.peers.iter().map(|(&node, &credits)| (node, credits))
    }

    fn peer(&self, node: NodeId) -> Result<&PeerCredits, NoCredit> {
        let up = self.peers.get(&node).filter(|peer| peer.up);
        up.ok_or(NoCredit::Down)
    }
}
