//! What a replica answers in one burst, by who asked.

use std::sync::Arc;

use actix::Addr;
use cartwheel::limits::REPLICA_CREDIT_BYTES;
use cartwheel::message::encode;
use cartwheel::message::replica::{
    OperationId, ReplicaAnswer, ReplicaError, ReplicaGet, ReplicaGot, ReplicaPut, ReplicaStored,
    View,
};
use cartwheel::message::{Kind, Message as Question};
use cartwheel::replica::ReplicaReply;

use crate::bridge::inbound::answer;
use crate::coordinator::{CoordinatorActor, LocalReplies};
use crate::departures::packed;
use crate::mailbox::post;
use crate::outbox::Outbox;
use crate::replica::Asker;
use crate::trip_wire::{Amid, pass};

/// The answers of a burst, by connection.
#[derive(Default)]
pub(crate) struct Answers {
    local: Vec<(OperationId, ReplicaReply)>,
    peers: Vec<PeerAnswers>,
}

struct PeerAnswers {
    outbox: Arc<Outbox>,
    stored: Vec<OperationId>,
    failed: Vec<(OperationId, ReplicaError)>,
    got: Vec<(OperationId, ReplicaAnswer)>,
    /// Bytes of records among them.
    bytes: usize,
}

impl Answers {
    pub(crate) fn push(&mut self, asker: Asker, operation: OperationId, reply: ReplicaReply) {
        let outbox = match asker {
            Asker::Coordinator => return self.local.push((operation, reply)),
            Asker::Peer(outbox) => outbox,
        };
        let peer = self.peer(outbox);
        match reply {
            ReplicaReply::Stored => peer.stored.push(operation),
            ReplicaReply::Got(answer) => peer.got(operation, answer),
            // The coordinator knows which of the two it has asked.
            ReplicaReply::Failed(error) => peer.failed.push((operation, error)),
            // Peers send no writes of clients.
            ReplicaReply::Prepared(_) | ReplicaReply::Refused(_) => {}
        }
    }

    fn peer(&mut self, outbox: Arc<Outbox>) -> &mut PeerAnswers {
        let known = self
            .peers
            .iter()
            .position(|peer| Arc::ptr_eq(&peer.outbox, &outbox));
        let at = known.unwrap_or_else(|| {
            self.peers.push(PeerAnswers::to(outbox));
            self.peers.len() - 1
        });
        &mut self.peers[at]
    }

    /// Sends everything: one message to the own coordinator, a few frames a connection.
    pub(crate) fn leave(self, view: View, coordinator: Option<&Addr<CoordinatorActor>>) {
        if let (false, Some(coordinator)) = (self.local.is_empty(), coordinator) {
            post(coordinator, LocalReplies(self.local));
        }
        for PeerAnswers {
            outbox,
            stored,
            failed,
            got,
            ..
        } in self.peers
        {
            pass(Amid::ReplicaAnswers);
            if !(stored.is_empty() && failed.is_empty()) {
                let body = encode(&ReplicaStored {
                    view,
                    stored,
                    failed,
                });
                push(&outbox, ReplicaPut::KIND, body);
            }
            for items in packed(got, answer_len) {
                let body = encode(&ReplicaGot { view, items });
                push(&outbox, ReplicaGet::KIND, body);
            }
        }
    }
}

impl PeerAnswers {
    fn to(outbox: Arc<Outbox>) -> Self {
        Self {
            outbox,
            stored: Vec::new(),
            failed: Vec::new(),
            got: Vec::new(),
            bytes: 0,
        }
    }

    fn got(&mut self, operation: OperationId, answer: ReplicaAnswer) {
        let answer = (operation, self.bounded(answer));
        self.bytes += answer_len(&answer);
        self.got.push(answer);
    }

    /// A peer that does not read its answers gets no more records until it does, and none that
    /// its link does not take.
    fn bounded(&self, answer: ReplicaAnswer) -> ReplicaAnswer {
        if let ReplicaAnswer::Record(record) = &answer
            && let Err(error) = ReplicaError::unless_it_moves(record)
        {
            return ReplicaAnswer::Failed(error);
        }
        match self.outbox.unwritten() + self.bytes > REPLICA_CREDIT_BYTES {
            true => ReplicaAnswer::Failed(ReplicaError::Overloaded),
            false => answer,
        }
    }
}

fn answer_len((_, answer): &(OperationId, ReplicaAnswer)) -> usize {
    match answer {
        ReplicaAnswer::Record(record) => record.len(),
        ReplicaAnswer::Same | ReplicaAnswer::Absent | ReplicaAnswer::Failed(_) => 0,
    }
}

fn push(outbox: &Outbox, kind: Kind, body: bytes::Bytes) {
    // A peer that is gone counts its operations as failed by itself.
    let _ = outbox.push(&answer(kind, 0, Ok(body)));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A burst counts before it is on its way: each of these would pass alone.
    #[test]
    fn a_burst_of_large_records_is_bounded_as_a_whole() {
        let mut peer = PeerAnswers::to(Arc::new(Outbox::between_nodes()));
        let mebibyte = bytes::Bytes::from(vec![0; 1024 * 1024]);
        let id = OperationId {
            shard: 0,
            start: 0,
            slot: 0,
            generation: 0,
        };
        for _ in 0..100 {
            peer.got(id, ReplicaAnswer::Record(mebibyte.clone()));
        }
        let records = peer.got.iter().map(answer_len).filter(|len| *len > 0);
        assert_eq!(records.count(), REPLICA_CREDIT_BYTES / mebibyte.len() + 1);
        let overloaded = ReplicaAnswer::Failed(ReplicaError::Overloaded);
        assert_eq!(peer.got.last(), Some(&(id, overloaded)));
    }
}
