//! The actor that owns the ring: layout and buckets.
//!
//! It is the ring's only writer. Everyone else reads the snapshot; coordinators are told of a
//! new one. A bucket is *prepared* durably on all members before it is *activated* (rule 10),
//! so that no member meets a record of a bucket that it can't know. When the actor dies it
//! starts again from the store.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use actix::{Actor, Addr, AsyncContext, Context, Handler, Message, Supervised};
use cartwheel::bucket::{Agreed, Agreements, Bucket, StoredBucket};
use cartwheel::limits::BUCKETS_MAX;
use cartwheel::message::client::RequestError;
use cartwheel::message::replica::Buckets;
use cartwheel::node::{NodeId, ShardId};
use cartwheel::ring::Ring;
use cartwheel::store::{
    Batch, Completion, Durability, Family, ReplicaStore, StoreError, Submission, Ticket,
};
use tokio::sync::oneshot;

use crate::completions::{Completions, Sink};
use crate::coordinator::{CoordinatorActor, RingChanged};
use crate::mailbox::post;

/// The ring as everyone reads it: a snapshot that is replaced whole.
#[derive(Clone, Debug)]
pub struct SharedRing(Arc<RwLock<Arc<Ring>>>);

impl SharedRing {
    /// A ring to begin with.
    pub fn new(ring: Ring) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(ring))))
    }

    /// The newest snapshot.
    pub fn current(&self) -> Arc<Ring> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, ring: Arc<Ring>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = ring;
    }
}

/// The committer's name for the ring's batches: no shard has this number.
const RING_SHARD: ShardId = ShardId(u16::MAX);

/// Owns the ring.
pub struct RingActor {
    node: NodeId,
    ring: SharedRing,
    store: Arc<dyn ReplicaStore>,
    agreements: Agreements,
    coordinators: Vec<Addr<CoordinatorActor>>,
    waiting: BTreeMap<Ticket, oneshot::Sender<Result<(), StoreError>>>,
    next_ticket: u64,
}

impl RingActor {
    /// The ring that the store remembers, over the one it is given.
    pub fn new(
        node: NodeId,
        ring: SharedRing,
        store: Arc<dyn ReplicaStore>,
    ) -> Result<Self, StoreError> {
        let mut actor = Self {
            node,
            ring,
            store,
            agreements: Agreements::default(),
            coordinators: Vec::new(),
            waiting: BTreeMap::new(),
            next_ticket: 1,
        };
        actor.remember()?;
        Ok(actor)
    }

    fn remember(&mut self) -> Result<(), StoreError> {
        let (from, until) = StoredBucket::range();
        let found = self.store.scan(Family::Meta, &from, &until, BUCKETS_MAX)?;
        let mut stored = Vec::new();
        for (_, value) in found {
            match StoredBucket::decode(&value) {
                Ok(bucket) => stored.push(bucket),
                Err(error) => tracing::error!(%error, "a stored bucket is malformed"),
            }
        }
        let ring = self.agreements.restored(&self.ring.current(), stored);
        self.ring.replace(Arc::new(ring));
        Ok(())
    }

    fn save(&mut self, bucket: Bucket, active: bool) -> Saved<()> {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        let (sender, saved) = oneshot::channel();
        self.waiting.insert(ticket, sender);
        let stored = StoredBucket { bucket, active };
        let mut batch = Batch::new();
        batch.put(Family::Meta, stored.key(), stored.encode());
        let (shard, durability) = (RING_SHARD, Durability::Synced);
        self.store.submit(Submission {
            shard,
            ticket,
            batch,
            durability,
        });
        outcome(self.node, saved)
    }

    fn replace(&self, ring: Ring) {
        let ring = Arc::new(ring);
        self.ring.replace(Arc::clone(&ring));
        for coordinator in &self.coordinators {
            post(coordinator, RingChanged(Arc::clone(&ring)));
        }
    }
}

impl Actor for RingActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        let sink = Sink(context.address());
        self.store.attach(RING_SHARD, Arc::new(sink));
    }
}

impl Supervised for RingActor {
    fn restarting(&mut self, _: &mut Self::Context) {
        self.waiting.clear();
        if let Err(error) = self.remember() {
            tracing::error!(%error, "the buckets can't be read");
        }
    }
}

impl Handler<Completions> for RingActor {
    type Result = ();

    fn handle(&mut self, Completions(completions): Completions, _: &mut Self::Context) {
        for completion in completions {
            let (ticket, outcome) = match completion {
                Completion::Committed { ticket } => (ticket, Ok(())),
                Completion::Failed { ticket, error } => (ticket, Err(error)),
                Completion::Loaded { .. } | Completion::RangeLoaded { .. } => continue,
            };
            if let Some(waiting) = self.waiting.remove(&ticket) {
                // Whoever asked may have stopped waiting.
                let _ = waiting.send(outcome);
            }
        }
    }
}

/// Tells the ring whom to tell of changes.
#[derive(Message)]
#[rtype(result = "()")]
pub struct MeetCoordinators(pub Vec<Addr<CoordinatorActor>>);

impl Handler<MeetCoordinators> for RingActor {
    type Result = ();

    fn handle(&mut self, MeetCoordinators(all): MeetCoordinators, _: &mut Self::Context) {
        self.coordinators = all;
    }
}

type Saved<T> = actix::ResponseFuture<Result<T, RequestError>>;

/// Agrees to a bucket, durably; answers what was agreed to, now or before.
#[derive(Message)]
#[rtype(result = "Result<Bucket, RequestError>")]
pub struct Prepare(pub Bucket);

impl Handler<Prepare> for RingActor {
    type Result = Saved<Bucket>;

    fn handle(&mut self, Prepare(bucket): Prepare, _: &mut Self::Context) -> Saved<Bucket> {
        let ring = self.ring.current();
        match self.agreements.prepare(&ring, self.node, bucket) {
            Err(error) => Box::pin(async move { Err(error) }),
            Ok(Agreed::InUse(bucket)) => Box::pin(async move { Ok(bucket) }),
            Ok(Agreed::Prepared(bucket)) => {
                let saved = self.save(bucket.clone(), false);
                Box::pin(async move { saved.await.map(|()| bucket) })
            }
        }
    }
}

/// Takes a bucket into use, durably.
#[derive(Message)]
#[rtype(result = "Result<(), RequestError>")]
pub struct Activate(pub Bucket);

impl Handler<Activate> for RingActor {
    type Result = Saved<()>;

    fn handle(&mut self, Activate(bucket): Activate, _: &mut Self::Context) -> Saved<()> {
        let ring = self.ring.current();
        match self.agreements.activate(&ring, bucket.clone()) {
            Err(error) => Box::pin(async move { Err(error) }),
            Ok(ring) => {
                let saved = self.save(bucket, true);
                self.replace(ring);
                saved
            }
        }
    }
}

fn outcome(node: NodeId, saved: oneshot::Receiver<Result<(), StoreError>>) -> Saved<()> {
    Box::pin(async move {
        match saved.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => {
                let cause = error.to_string();
                Err(RequestError::StoreFailed { node, cause })
            }
            Err(_) => Err(RequestError::Restarted { node }),
        }
    })
}

/// Asks for every bucket.
#[derive(Message)]
#[rtype(result = "KnownBuckets")]
pub struct AllBuckets;

/// Every bucket.
#[derive(actix::MessageResponse)]
pub struct KnownBuckets(pub Buckets);

impl Handler<AllBuckets> for RingActor {
    type Result = KnownBuckets;

    fn handle(&mut self, _: AllBuckets, _: &mut Self::Context) -> KnownBuckets {
        let ring = self.ring.current();
        KnownBuckets(Buckets {
            active: ring.buckets().map(|bucket| Bucket::clone(bucket)).collect(),
            prepared: self.agreements.prepared().cloned().collect(),
        })
    }
}
