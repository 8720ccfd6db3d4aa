//! What leaves for the peers at the end of a burst, in batches that are capped.

use std::collections::BTreeMap;
use std::sync::Arc;

use cartwheel::limits::{REPLICA_BATCH_ITEMS_MAX, REPLICA_BATCH_LEN_MAX};
use cartwheel::message::Message;
use cartwheel::message::replica::{
    Forward, ForwardItem, ReplicaGet, ReplicaGetItem, ReplicaPut, ReplicaPutItem, View,
};
use cartwheel::node::NodeId;

use crate::bridge::Link;
use crate::outbox::Closed;
use crate::trip_wire::{Amid, pass};

/// The items of one burst, by peer.
#[derive(Debug, Default)]
pub(crate) struct Departures {
    peers: BTreeMap<NodeId, Departure>,
    items: usize,
}

#[derive(Debug, Default)]
struct Departure {
    puts: Vec<ReplicaPutItem>,
    gets: Vec<ReplicaGetItem>,
    forwards: Vec<ForwardItem>,
}

/// What an item adds to a batch beside its bytes: ids, lengths, markers.
const ITEM_OVERHEAD: usize = 48;

impl Departures {
    pub(crate) fn put(&mut self, peer: NodeId, item: ReplicaPutItem) {
        self.peer(peer).puts.push(item);
    }

    pub(crate) fn get(&mut self, peer: NodeId, item: ReplicaGetItem) {
        self.peer(peer).gets.push(item);
    }

    pub(crate) fn forward(&mut self, peer: NodeId, item: ForwardItem) {
        self.peer(peer).forwards.push(item);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items == 0
    }

    /// Sends everything; answers the peers whose link is down.
    pub(crate) fn leave(&mut self, view: View, links: &BTreeMap<NodeId, Arc<Link>>) -> Vec<NodeId> {
        self.items = 0;
        let mut unsent = Vec::new();
        for (peer, departure) in &mut self.peers {
            pass(Amid::CoordinatorDepartures);
            let sent = links.get(peer).map(|link| departure.leave(view, link));
            if sent != Some(Ok(())) {
                unsent.push(*peer);
            }
        }
        unsent
    }

    fn peer(&mut self, peer: NodeId) -> &mut Departure {
        self.items += 1;
        self.peers.entry(peer).or_default()
    }
}

impl Departure {
    fn leave(&mut self, view: View, link: &Link) -> Result<(), Closed> {
        let puts = std::mem::take(&mut self.puts);
        let gets = std::mem::take(&mut self.gets);
        let forwards = std::mem::take(&mut self.forwards);
        let put_len = |item: &ReplicaPutItem| item.record.len() + item.address.key.len();
        send(link, puts, put_len, |items| ReplicaPut { view, items })?;
        let get_len = |item: &ReplicaGetItem| item.address.key.len();
        send(link, gets, get_len, |items| ReplicaGet { view, items })?;
        send(
            link,
            forwards,
            |item| item.body.len(),
            |items| Forward { items },
        )
    }
}

fn send<T, M: Message>(
    link: &Link,
    items: Vec<T>,
    len: impl Fn(&T) -> usize,
    message: impl Fn(Vec<T>) -> M,
) -> Result<(), Closed> {
    for batch in packed(items, len) {
        let count = batch.len();
        link.send(&message(batch), count)?;
    }
    Ok(())
}

/// Cuts items into batches of capped count and length; one that is longer goes alone.
pub(crate) fn packed<T>(items: Vec<T>, len: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
    let mut batches: Vec<Vec<T>> = Vec::new();
    let mut bytes = 0;
    for item in items {
        let cost = len(&item) + ITEM_OVERHEAD;
        match batches.last_mut() {
            Some(batch)
                if batch.len() < REPLICA_BATCH_ITEMS_MAX
                    && bytes + cost <= REPLICA_BATCH_LEN_MAX =>
            {
                bytes += cost;
                batch.push(item);
            }
            _ => {
                bytes = cost;
                batches.push(vec![item]);
            }
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_capped_in_count_and_bytes_and_keep_the_order() {
        let lens: Vec<usize> = (0..1000)
            .map(|at| if at == 500 { 1 << 20 } else { at })
            .collect();
        let batches = packed(lens.clone(), |len| *len);
        for batch in &batches {
            let bytes: usize = batch.iter().map(|len| len + ITEM_OVERHEAD).sum();
            assert!(batch.len() <= REPLICA_BATCH_ITEMS_MAX);
            assert!(
                batch.len() == 1 || bytes <= REPLICA_BATCH_LEN_MAX,
                "{bytes}"
            );
        }
        assert_eq!(batches.concat(), lens);
    }
}
