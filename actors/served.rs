//! A node as its connections see it: where requests go, and under which ring.

use std::sync::Arc;
use std::time::Duration;

use actix::Addr;
use bytes::Bytes;
use cartwheel::coordination::{ClientRequest, Demand};
use cartwheel::extension::Kinds;
use cartwheel::limits::ANSWER_FRAME_LEN_MAX;
use cartwheel::message::Kind;
use cartwheel::message::client::RequestError;
use cartwheel::message::frame::HEADER_LEN;
use cartwheel::message::replica::ForwardItem;
use cartwheel::node::{NodeId, OpeningId, ShardId};
use cartwheel::replica::Command;
use cartwheel::second_opening::{Admission, admission};
use cartwheel::time::Moment;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::bridge::{Openings, PeerIdentity, Peers, Router};
use crate::client::Client;
use crate::coordinator::CoordinatorAddress;
use crate::learning::{BucketLearner, Hint};
use crate::mailbox::post;
use crate::outbox::Outbox;
use crate::replica::{Asker, Commands, ReplicaActor};
use crate::ring::SharedRing;
use crate::shell::Clock;
use crate::unread::Unread;

/// What every connection of a node shares.
pub struct ServedNode {
    /// The node.
    pub id: NodeId,
    /// Cluster, node and store, for greetings.
    pub identity: PeerIdentity,
    /// The ring.
    pub ring: SharedRing,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The deadline of a request that names none.
    pub request_timeout: Duration,
    /// The longest deadline.
    pub request_timeout_max: Duration,
    /// The replicas, by shard.
    pub replicas: Vec<Addr<ReplicaActor>>,
    /// The coordinators, by shard.
    pub coordinators: Vec<CoordinatorAddress>,
    /// Who answers what is not hot.
    pub router: Arc<Router>,
    /// Which kinds extensions answer, and to whom.
    pub extensions: Arc<Kinds>,
    /// Who asks peers for buckets.
    pub learner: Addr<BucketLearner>,
    /// The links to the peers.
    pub peers: Peers,
    /// What all clients have not read.
    pub unread: Arc<Unread>,
    /// The connections of the peers.
    pub openings: Arc<Openings>,
}

impl ServedNode {
    pub(crate) fn shards(&self) -> u16 {
        u16::try_from(self.replicas.len()).unwrap_or(u16::MAX)
    }

    /// Answers a question to the node itself, within the time it has left.
    pub(crate) async fn ask(
        &self,
        kind: Kind,
        body: Bytes,
        remaining_ms: u32,
    ) -> Result<Bytes, RequestError> {
        let wait = self.wait(remaining_ms);
        let answered = self.router.encoded(kind, body);
        let outcome = tokio::time::timeout(wait, answered).await;
        outcome
            .unwrap_or_else(|_| Err(self.timed_out(wait)))
            .and_then(fitting)
    }

    /// The answer to a question whose one answer did not come in time.
    pub(crate) fn timed_out(&self, wait: Duration) -> RequestError {
        RequestError::TimedOut {
            required: 1,
            acknowledged: 0,
            waited_ms: u32::try_from(wait.as_millis()).unwrap_or(u32::MAX),
        }
    }

    /// An empty list of commands for each shard.
    pub(crate) fn commands(&self) -> Vec<Vec<Command<Asker>>> {
        self.replicas.iter().map(|_| Vec::new()).collect()
    }

    /// Hands each shard its commands: one message each.
    pub(crate) fn execute(&self, commands: Vec<Vec<Command<Asker>>>) {
        for (replica, commands) in self.replicas.iter().zip(commands) {
            if !commands.is_empty() {
                post(replica, Commands(commands));
            }
        }
    }

    /// An empty list of requests for each shard.
    pub(crate) fn requests(&self) -> Vec<Vec<ClientRequest<Client>>> {
        self.coordinators.iter().map(|_| Vec::new()).collect()
    }

    /// Hands each shard its requests: one message each.
    pub(crate) fn coordinate(&self, requests: Vec<Vec<ClientRequest<Client>>>) {
        for (coordinator, requests) in self.coordinators.iter().zip(requests) {
            if !requests.is_empty() {
                coordinator.requests(requests);
            }
        }
    }

    /// The shard that coordinates a request.
    pub(crate) fn shard_of(&self, demand: &Demand) -> ShardId {
        let ring = self.ring.current();
        ring.shard_of(demand.bucket(), demand.key(), self.shards())
    }

    /// When a request with so much time left is over.
    pub(crate) fn deadline(&self, remaining_ms: u32) -> Moment {
        self.clock.now().after(self.wait(remaining_ms))
    }

    /// How long a request with so much time left may take.
    pub(crate) fn wait(&self, remaining_ms: u32) -> Duration {
        let wanted = match remaining_ms {
            0 => self.request_timeout,
            remaining => Duration::from_millis(u64::from(remaining)),
        };
        wanted.min(self.request_timeout_max)
    }

    /// The life of a peer that answers at its address, if the link there is up.
    pub(crate) fn at_address(&self, peer: NodeId) -> Option<OpeningId> {
        self.peers.link(peer)?.opening()
    }

    /// Lets a life of a peer in, unless another lives at the peer's address.
    pub(crate) async fn admit(
        &self,
        peer: NodeId,
        opening: OpeningId,
        address: String,
    ) -> Result<(), RequestError> {
        let at_address = self.at_address(peer);
        let asked = admission(opening, at_address) == Admission::AskTheOther;
        let (true, Some(other), Some(link)) = (asked, at_address, self.peers.link(peer)) else {
            return Ok(());
        };
        if link.answers().await {
            let error = RequestError::SecondOpening {
                node: peer,
                serving: link.address().to_owned(),
                refused: address,
            };
            tracing::error!(%error, "a node was refused");
            return Err(error);
        }
        link.break_off(other);
        Ok(())
    }

    /// A peer may know a bucket that is unknown here.
    pub(crate) fn hint(&self, peer: NodeId) {
        post(&self.learner, Hint(peer));
    }

    /// The request that another node has forwarded.
    pub(crate) fn forwarded(
        &self,
        peer: NodeId,
        item: &ForwardItem,
        outbox: &Arc<Outbox>,
    ) -> Result<ClientRequest<Client>, RequestError> {
        let demand = Demand::decode(item.kind, &item.body)?;
        if self.ring.current().bucket(demand.bucket()).is_err() {
            self.hint(peer);
        }
        Ok(ClientRequest {
            client: Client::peer(self.id, Arc::clone(outbox), item.kind, item.operation),
            deadline: self.deadline(item.remaining_ms),
            forwarded_by: Some(peer),
            demand,
        })
    }
}

/// How long the other end may take nothing though something waits for it. As long as a request
/// may take: whoever has not read for that time waits for no answer, and holds memory.
const STALLED_AFTER: Duration = Duration::from_secs(60);

/// Writes what an outbox holds until it is closed, or the connection breaks or stands still.
pub(crate) async fn write_out(outbox: &Outbox, write: impl AsyncWrite + Unpin) {
    write_within(outbox, write, STALLED_AFTER).await;
}

async fn write_within(outbox: &Outbox, mut write: impl AsyncWrite + Unpin, stalled: Duration) {
    while let Some(mut bytes) = outbox.take().await {
        let len = bytes.len();
        while !bytes.is_empty() {
            // A timer is only set where the socket does not take the bytes at once.
            match tokio::time::timeout(stalled, write.write_buf(&mut bytes)).await {
                Ok(Ok(written)) if written > 0 => {}
                _ => return outbox.close(),
            }
        }
        outbox.wrote(len);
    }
    outbox.close();
    // Whoever is gone does not miss the farewell.
    let _ = write.shutdown().await;
}

/// An answer that a frame holds. Our own do; what an extension answers only it knows.
fn fitting(body: Bytes) -> Result<Bytes, RequestError> {
    let limit = ANSWER_FRAME_LEN_MAX as usize - HEADER_LEN;
    match body.len() > limit {
        true => Err(RequestError::AnswerTooLarge {
            len: body.len() as u64,
            limit: limit as u64,
        }),
        false => Ok(body),
    }
}

#[cfg(test)]
mod tests {
    use cartwheel::message::frame::{Flags, Frame};
    use tokio::io::AsyncReadExt;

    use super::*;

    const STALLED: Duration = Duration::from_millis(200);

    fn outbox(len: usize) -> Outbox {
        let outbox = Outbox::to_client(&Arc::default());
        let frame = Frame {
            kind: Kind(16),
            flags: Flags::REPLY,
            call: 1,
            remaining_ms: 0,
            body: Bytes::from(vec![7; len]),
        };
        outbox.push(&frame).unwrap();
        outbox
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_time().build().unwrap().block_on(future)
    }

    /// Else each such client would hold its answers, 64 MiB and more, for ever.
    #[test]
    fn whoever_takes_nothing_for_long_is_cut_off() {
        let (ours, theirs) = tokio::io::duplex(100);
        let outbox = outbox(1000);
        let written = write_within(&outbox, ours, STALLED);
        block_on(async { tokio::time::timeout(STALLED * 20, written).await }).unwrap();
        assert!(outbox.is_closed());
        drop(theirs);
    }

    #[test]
    fn whoever_reads_slowly_gets_all() {
        let (ours, mut theirs) = tokio::io::duplex(100);
        let outbox = outbox(1000);
        let slow = async {
            let mut read = vec![0; 100];
            let mut came = 0;
            // Longer in all than anyone may stand still.
            while came < 1000 {
                tokio::time::sleep(STALLED / 5).await;
                came += theirs.read(&mut read).await.unwrap();
            }
            outbox.close();
        };
        let written = write_within(&outbox, ours, STALLED);
        block_on(async { futures::join!(written, slow) });
        assert_eq!(outbox.unwritten(), 0);
    }

    #[test]
    fn an_answer_that_no_frame_holds_is_refused_with_its_length() {
        let longest = ANSWER_FRAME_LEN_MAX as usize - HEADER_LEN;
        assert!(fitting(Bytes::from(vec![0; longest])).is_ok());
        let (len, limit) = (longest as u64 + 1, longest as u64);
        let refused = fitting(Bytes::from(vec![0; longest + 1]));
        assert_eq!(refused, Err(RequestError::AnswerTooLarge { len, limit }));
    }
}
