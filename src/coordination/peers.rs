//! The other nodes as one coordinator sees them: links and credits (rule 11).

use std::collections::BTreeMap;

use crate::limits::{FORWARD_CREDIT_BYTES, FORWARD_CREDITS, REPLICA_CREDIT_BYTES, REPLICA_CREDITS};
use crate::node::NodeId;
use crate::planted_bug::{self, PlantedBug};

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
    /// Their bytes.
    pub forward_bytes: usize,
}

impl PeerCredits {
    /// Requests under way, of every class.
    pub fn under_way(&self) -> u32 {
        self.replica + self.forward
    }
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
        if planted_bug::is(PlantedBug::OneBudgetForAll) {
            return shared_room(peer);
        }
        let room = peer.replica < REPLICA_CREDITS && peer.replica_bytes < REPLICA_CREDIT_BYTES;
        if room { Ok(()) } else { Err(NoCredit::Spent) }
    }

    pub(super) fn take_replica(&mut self, node: NodeId, bytes: usize) -> Result<(), NoCredit> {
        self.replica_room(node)?;
        if planted_bug::is(PlantedBug::TakeNoCredits) {
            return Ok(());
        }
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

    /// Like a replica request, one that is larger than what is left goes while any is left.
    pub(super) fn take_forward(&mut self, node: NodeId, bytes: usize) -> Result<(), NoCredit> {
        let peer = self.peer(node)?;
        if planted_bug::is(PlantedBug::OneBudgetForAll) {
            shared_room(peer)?;
        } else if peer.forward >= FORWARD_CREDITS || peer.forward_bytes >= FORWARD_CREDIT_BYTES {
            return Err(NoCredit::Spent);
        }
        let peer = self.peers.entry(node).or_default();
        peer.forward += 1;
        peer.forward_bytes += bytes;
        Ok(())
    }

    pub(super) fn give_forward(&mut self, node: NodeId, bytes: usize) {
        let peer = self.peers.entry(node).or_default();
        peer.forward = peer.forward.saturating_sub(1);
        peer.forward_bytes = peer.forward_bytes.saturating_sub(bytes);
    }

    pub(super) fn credits(&self) -> impl Iterator<Item = (NodeId, PeerCredits)> {
        self.peers.iter().map(|(&node, &credits)| (node, credits))
    }

    fn peer(&self, node: NodeId) -> Result<&PeerCredits, NoCredit> {
        let up = self.peers.get(&node).filter(|peer| peer.up);
        up.ok_or(NoCredit::Down)
    }
}

/// What a peer has left if both classes take of one.
fn shared_room(peer: &PeerCredits) -> Result<(), NoCredit> {
    let bytes = peer.replica_bytes + peer.forward_bytes;
    let room = peer.under_way() < REPLICA_CREDITS && bytes < REPLICA_CREDIT_BYTES;
    if room { Ok(()) } else { Err(NoCredit::Spent) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: NodeId = NodeId(2);

    #[test]
    fn forwards_are_bounded_in_bytes_and_an_answer_makes_room() {
        let mut peers = Peers::default();
        peers.up(PEER);
        assert_eq!(peers.take_forward(PEER, FORWARD_CREDIT_BYTES - 1), Ok(()));
        assert_eq!(peers.take_forward(PEER, 1), Ok(()));
        assert_eq!(peers.take_forward(PEER, 1), Err(NoCredit::Spent));
        assert_eq!(peers.take_replica(PEER, 1), Ok(()), "a class of its own");
        let under_way = peers.peer(PEER).map(PeerCredits::under_way);
        assert_eq!(under_way, Ok(3), "of both classes");
        peers.give_forward(PEER, 1);
        assert_eq!(peers.take_forward(PEER, 1), Ok(()));
    }
}
