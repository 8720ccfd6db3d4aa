//! The other end of a peer's link: its questions go to the replicas and coordinators here.

use std::sync::Arc;

use cartwheel::coordination::ClientRequest;
use cartwheel::limits::{BACKGROUND_CREDITS, EXTENSION_CREDITS};
use cartwheel::message::client::RequestError;
use cartwheel::message::frame::{Flags, Frame};
use cartwheel::message::replica::{
    Address, Forward, Forwarded, ForwardedItem, ReplicaAnswer, ReplicaError, ReplicaGet,
    ReplicaGot, ReplicaPut, ReplicaStored,
};
use cartwheel::message::{Kind, Message, decode, encode};
use cartwheel::node::{NodeId, OpeningId};
use cartwheel::replica::{Action, Command};
use cartwheel::ring::{Ring, Target};
use cartwheel::store::Durability;
use tokio::io::{ReadHalf, WriteHalf};
use tokio::sync::Semaphore;

use crate::administration::overloaded;
use crate::client::Client;
use crate::frame_reader::{FrameReader, ReadError};
use crate::outbox::Outbox;
use crate::replica::Asker;
use crate::served::{ServedNode, write_out};
use crate::shell::Stream;

/// Serves a peer that has been greeted until its connection ends.
pub(crate) async fn serve_peer(
    node: Arc<ServedNode>,
    (peer, opening): (NodeId, OpeningId),
    mut reader: FrameReader<ReadHalf<Box<dyn Stream>>>,
    write: WriteHalf<Box<dyn Stream>>,
) {
    // Who comes back may have activated a bucket while it could not say so.
    node.hint(peer);
    let outbox = Arc::new(Outbox::between_nodes());
    node.openings.add(peer, opening, &outbox);
    if node.at_address(peer).is_some_and(|other| other != opening) {
        // It was let in while its address was silent, where another answers by now.
        return;
    }
    let inbound = Inbound {
        node,
        peer,
        outbox: Arc::clone(&outbox),
        questions: Arc::new(Semaphore::new(BACKGROUND_CREDITS as usize)),
        of_extensions: Arc::new(Semaphore::new(EXTENSION_CREDITS as usize)),
    };
    let served = async {
        let mut frames = Vec::new();
        loop {
            if let Err(error) = inbound.take(&mut frames) {
                return error;
            }
            if let Err(error) = reader.frames(&mut frames).await {
                return error;
            }
        }
    };
    tokio::select! {
        biased;
        error = served => tracing::info!(%peer, %error, "a peer's link ended"),
        () = write_out(&outbox, write) => {}
    }
    outbox.close();
}

struct Inbound {
    node: Arc<ServedNode>,
    peer: NodeId,
    outbox: Arc<Outbox>,
    /// What the peer may ask at once, beside its batches.
    questions: Arc<Semaphore>,
    /// What it may ask of extensions beside that.
    of_extensions: Arc<Semaphore>,
}

impl Inbound {
    fn take(&self, frames: &mut Vec<Frame>) -> Result<(), ReadError> {
        let ring = self.node.ring.current();
        let mut commands = self.node.commands();
        let mut requests = self.node.requests();
        for frame in frames.drain(..) {
            match frame.kind {
                ReplicaPut::KIND => self.puts(&frame, &ring, &mut commands),
                ReplicaGet::KIND => self.gets(&frame, &ring, &mut commands),
                Forward::KIND => self.forwards(&frame, &mut requests),
                _ => self.call(frame),
            }
        }
        self.node.execute(commands);
        self.node.coordinate(requests);
        Ok(())
    }

    fn puts(&self, frame: &Frame, ring: &Ring, commands: &mut [Vec<Command<Asker>>]) {
        let Some(ReplicaPut { items, .. }) = self.decoded::<ReplicaPut>(frame) else {
            return;
        };
        let mut failed = Vec::new();
        for item in items {
            match self.target(ring, &item.address) {
                Ok(target) => {
                    let synced = target.bucket.durability.is_synced() || item.synced;
                    let action = Action::of_put(item.record, item.repair);
                    let command = self.command(item.operation, &target, synced, action);
                    commands[target.shard(self.node.shards()).index()].push(command);
                }
                Err(error) => failed.push((item.operation, error)),
            }
        }
        if !failed.is_empty() {
            self.hint_if_unknown(failed.iter().map(|(_, error)| error));
            let (view, stored) = (ring.layout().view(), Vec::new());
            self.reply::<ReplicaPut>(&ReplicaStored {
                view,
                stored,
                failed,
            });
        }
    }

    fn gets(&self, frame: &Frame, ring: &Ring, commands: &mut [Vec<Command<Asker>>]) {
        let Some(ReplicaGet { items, .. }) = self.decoded::<ReplicaGet>(frame) else {
            return;
        };
        let mut failed = Vec::new();
        for item in items {
            match self.target(ring, &item.address) {
                Ok(target) => {
                    let synced = target.bucket.durability.is_synced();
                    let action = Action::Read(item.digest);
                    let command = self.command(item.operation, &target, synced, action);
                    commands[target.shard(self.node.shards()).index()].push(command);
                }
                Err(error) => failed.push((item.operation, error)),
            }
        }
        if !failed.is_empty() {
            self.hint_if_unknown(failed.iter().map(|(_, error)| error));
            let view = ring.layout().view();
            let failed = failed.into_iter();
            let items = failed
                .map(|(operation, error)| (operation, ReplicaAnswer::Failed(error)))
                .collect();
            self.reply::<ReplicaGet>(&ReplicaGot { view, items });
        }
    }

    /// Who asks about a bucket that is unknown here can tell of it.
    fn hint_if_unknown<'a>(&self, mut errors: impl Iterator<Item = &'a ReplicaError>) {
        if errors.any(|error| *error == ReplicaError::UnknownBucket) {
            self.node.hint(self.peer);
        }
    }

    fn target(&self, ring: &Ring, address: &Address) -> Result<Target, ReplicaError> {
        let bucket = ring
            .bucket_of(address.bucket)
            .ok_or(ReplicaError::UnknownBucket)?;
        let target = ring.target(bucket, &address.key);
        match target.owners().contains(&self.node.id) {
            true => Ok(target),
            false => Err(ReplicaError::NotOwner),
        }
    }

    fn command(
        &self,
        operation: cartwheel::message::replica::OperationId,
        target: &Target,
        synced: bool,
        action: Action,
    ) -> Command<Asker> {
        Command {
            asker: Asker::Peer(Arc::clone(&self.outbox)),
            operation,
            key: target.stored.clone(),
            rule: target.bucket.conflict,
            durability: if synced {
                Durability::Synced
            } else {
                Durability::Buffered
            },
            action,
        }
    }

    fn forwards(&self, frame: &Frame, requests: &mut [Vec<ClientRequest<Client>>]) {
        let Some(Forward { items }) = self.decoded::<Forward>(frame) else {
            return;
        };
        let mut refused = Vec::new();
        for item in items {
            match self.node.forwarded(self.peer, &item, &self.outbox) {
                Ok(request) => {
                    let shard = self.node.shard_of(&request.demand);
                    requests[shard.index()].push(request);
                }
                Err(error) => refused.push(ForwardedItem {
                    operation: item.operation,
                    outcome: Err(error),
                }),
            }
        }
        if !refused.is_empty() {
            self.reply::<Forward>(&Forwarded { items: refused });
        }
    }

    /// Everything else is one question with one answer. A peer of ours asks no more than its
    /// credits at once; to another the rest is refused.
    fn call(&self, frame: Frame) {
        let (node, outbox) = (Arc::clone(&self.node), Arc::clone(&self.outbox));
        let of_extensions = frame.kind.is_of_extensions();
        if of_extensions && !node.extensions.are_for_nodes(frame.kind) {
            let unknown = Err(RequestError::UnknownKind { kind: frame.kind.0 });
            let _ = outbox.push(&answer(frame.kind, frame.call, unknown));
            return;
        }
        let credits = match of_extensions {
            true => &self.of_extensions,
            false => &self.questions,
        };
        let Ok(credit) = Arc::clone(credits).try_acquire_owned() else {
            let _ = outbox.push(&answer(frame.kind, frame.call, Err(overloaded())));
            return;
        };
        actix_rt::spawn(async move {
            let outcome = node.ask(frame.kind, frame.body, frame.remaining_ms).await;
            // Before the answer: with it the peer may ask again.
            drop(credit);
            // A peer that is gone needs no answer.
            let _ = outbox.push(&answer(frame.kind, frame.call, outcome));
        });
    }

    fn decoded<M: Message>(&self, frame: &Frame) -> Option<M> {
        match decode(frame.kind, &frame.body) {
            Ok(message) => Some(message),
            Err(error) => {
                // Peers of one version don't send such; whoever does is cut off, so that it
                // does not wait for answers that can't come.
                tracing::error!(peer = %self.peer, %error, "a peer's message is malformed");
                self.outbox.close();
                None
            }
        }
    }

    fn reply<M: Message>(&self, reply: &M::Reply) {
        // A peer that is gone needs no answer.
        let _ = self.outbox.push(&answer(M::KIND, 0, Ok(encode(reply))));
    }
}

/// The frame of an answer or an error.
pub(crate) fn answer(kind: Kind, call: u64, outcome: Result<bytes::Bytes, RequestError>) -> Frame {
    let (flags, body) = match outcome {
        Ok(body) => (Flags::REPLY, body),
        Err(error) => (Flags::ERROR, encode(&error)),
    };
    let remaining_ms = 0;
    Frame {
        kind,
        flags,
        call,
        remaining_ms,
        body,
    }
}
