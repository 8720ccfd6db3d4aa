//! The actor that owns the ring: layout and buckets.
//!
//! It is the ring's only writer. Everyone else reads the snapshot; coordinators are told of a
//! new one. A bucket is *prepared* durably on all members before it is *activated* (rule 10),
//! so that no member meets a record of a bucket that it can't know. When the actor dies it
//! starts again from the store.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use actix::{Actor, Addr, AsyncContext, Context, Handler, Message, Supervised};
use bytes::Bytes;
use cartwheel::bucket::Bucket;
use cartwheel::limits::BUCKETS_MAX;
use cartwheel::message::client::RequestError;
use cartwheel::message::replica::Buckets;
use cartwheel::message::{Kind, decode, encode};
use cartwheel::node::{NodeId, ShardId};
use cartwheel::ring::Ring;
use cartwheel::store::{
    Batch, Completion, CompletionSink, Durability, Family, ReplicaStore, StoreError, Submission,
    Ticket,
};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

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

const KEY_PREFIX: &[u8] = b"bucket/";

/// How a bucket is stored in the family of node metadata.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredBucket {
    /// The policy.
    pub bucket: Bucket,
    /// Whether all members have agreed.
    pub active: bool,
}

/// Owns the ring.
pub struct RingActor {
    node: NodeId,
    ring: SharedRing,
    store: Arc<dyn ReplicaStore>,
    prepared: BTreeMap<String, Bucket>,
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
            prepared: BTreeMap::new(),
            coordinators: Vec::new(),
            waiting: BTreeMap::new(),
            next_ticket: 1,
        };
        actor.remember()?;
        Ok(actor)
    }

    fn remember(&mut self) -> Result<(), StoreError> {
        let until = b"bucket0";
        let stored = self
            .store
            .scan(Family::Meta, KEY_PREFIX, until, BUCKETS_MAX)?;
        let mut ring = Ring::clone(&self.ring.current());
        for (_, value) in stored {
            match decode::<StoredBucket>(Kind(0), &value) {
                Ok(StoredBucket {
                    bucket,
                    active: true,
                }) => ring.insert(bucket),
                Ok(StoredBucket { bucket, .. }) => {
                    self.prepared.insert(bucket.name.clone(), bucket);
                }
                Err(error) => tracing::error!(%error, "a stored bucket is malformed"),
            }
        }
        self.ring.replace(Arc::new(ring));
        Ok(())
    }

    fn save(&mut self, bucket: &Bucket, active: bool) -> oneshot::Receiver<Result<(), StoreError>> {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        let (sender, saved) = oneshot::channel();
        self.waiting.insert(ticket, sender);
        let key = [KEY_PREFIX, bucket.name.as_bytes()].concat();
        let value = encode(&StoredBucket {
            bucket: bucket.clone(),
            active,
        });
        let mut batch = Batch::new();
        batch.put(Family::Meta, Bytes::from(key), value);
        let (shard, durability) = (RING_SHARD, Durability::Synced);
        self.store.submit(Submission {
            shard,
            ticket,
            batch,
            durability,
        });
        saved
    }

    fn check(&self, bucket: &Bucket) -> Result<(), RequestError> {
        let ring = self.ring.current();
        let members = ring.layout().members().len();
        let bad = |cause: String| RequestError::BadBucket { cause };
        bucket
            .check(members)
            .map_err(|error| bad(error.to_string()))?;
        let known = ring.bucket(&bucket.name).is_ok() || self.prepared.contains_key(&bucket.name);
        if !known && ring.buckets().count() + self.prepared.len() >= BUCKETS_MAX {
            return Err(bad(format!("there are {BUCKETS_MAX} buckets already")));
        }
        if let Some(own) = ring.bucket_of(bucket.id)
            && own.name != bucket.name
        {
            return Err(bad(format!("id {} is {}'s", bucket.id.0, own.name)));
        }
        match ring.bucket(&bucket.name) {
            Ok(own) if **own != *bucket => {
                let name = bucket.name.clone();
                Err(RequestError::BucketExists { name })
            }
            _ => Ok(()),
        }
    }

    fn activate(&mut self, bucket: Bucket) {
        self.prepared.remove(&bucket.name);
        let mut ring = Ring::clone(&self.ring.current());
        ring.insert(bucket);
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
        self.prepared.clear();
        if let Err(error) = self.remember() {
            tracing::error!(%error, "the buckets can't be read");
        }
    }
}

struct Sink(Addr<RingActor>);

impl CompletionSink for Sink {
    fn complete(&self, completions: Vec<Completion>) {
        post(&self.0, Completions(completions));
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Completions(Vec<Completion>);

impl Handler<Completions> for RingActor {
    type Result = ();

    fn handle(&mut self, Completions(completions): Completions, _: &mut Self::Context) {
        for completion in completions {
            let (ticket, outcome) = match completion {
                Completion::Committed { ticket } => (ticket, Ok(())),
                Completion::Failed { ticket, error } => (ticket, Err(error)),
                Completion::Loaded { .. } => continue,
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
        if let Err(error) = self.check(&bucket) {
            return Box::pin(async move { Err(error) });
        }
        // Whoever came first holds the name: the second finishes the first's work.
        let agreed = self
            .prepared
            .entry(bucket.name.clone())
            .or_insert(bucket)
            .clone();
        let saved = saved(self.node, self.save(&agreed, false));
        Box::pin(async move { saved.await.map(|()| agreed) })
    }
}

/// Takes a bucket into use, durably.
#[derive(Message)]
#[rtype(result = "Result<(), RequestError>")]
pub struct Activate(pub Bucket);

impl Handler<Activate> for RingActor {
    type Result = Saved<()>;

    fn handle(&mut self, Activate(bucket): Activate, _: &mut Self::Context) -> Saved<()> {
        if let Err(error) = self.check(&bucket) {
            return Box::pin(async move { Err(error) });
        }
        let outcome = saved(self.node, self.save(&bucket, true));
        self.activate(bucket);
        outcome
    }
}

fn saved(node: NodeId, saved: oneshot::Receiver<Result<(), StoreError>>) -> Saved<()> {
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
            prepared: self.prepared.values().cloned().collect(),
        })
    }
}
