//! The connections of peers to this node, by which life of the peer has made them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use cartwheel::node::{NodeId, OpeningId};

use crate::outbox::Outbox;

/// Who has connected, and in which life.
type Inbound = BTreeMap<NodeId, Vec<(OpeningId, Weak<Outbox>)>>;

/// Connections that ended leave with the next one of the same peer.
#[derive(Default)]
pub struct Openings {
    inbound: Mutex<Inbound>,
}

impl Openings {
    /// Remembers a connection.
    pub(crate) fn add(&self, peer: NodeId, opening: OpeningId, outbox: &Arc<Outbox>) {
        let mut inbound = self.inbound();
        let connections = inbound.entry(peer).or_default();
        connections.retain(|(_, outbox)| outbox.strong_count() > 0);
        connections.push((opening, Arc::downgrade(outbox)));
    }

    /// Ends those that another life of the peer has made than the one that answers at its address.
    pub(crate) fn end_others(&self, peer: NodeId, at_address: OpeningId) {
        let mut inbound = self.inbound();
        let Some(connections) = inbound.get_mut(&peer) else {
            return;
        };
        connections.retain(|(opening, outbox)| {
            let outbox = outbox.upgrade();
            let other = *opening != at_address;
            if let Some(outbox) = outbox.as_ref().filter(|_| other) {
                outbox.close();
            }
            outbox.is_some() && !other
        });
    }

    fn inbound(&self) -> MutexGuard<'_, Inbound> {
        let inbound = self.inbound.lock();
        inbound.unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_life_of_a_peer_has_opened_ends_and_nothing_else() {
        let openings = Openings::default();
        let outbox = || Arc::new(Outbox::between_nodes());
        let (old, new, other) = (outbox(), outbox(), outbox());
        openings.add(NodeId(1), OpeningId(1), &old);
        openings.add(NodeId(1), OpeningId(2), &new);
        openings.add(NodeId(2), OpeningId(3), &other);
        openings.end_others(NodeId(1), OpeningId(2));
        let closed = [&old, &new, &other].map(|outbox| outbox.is_closed());
        assert_eq!(closed, [true, false, false]);
    }
}
