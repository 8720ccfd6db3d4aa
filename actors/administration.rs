//! What is asked of the node itself: its state, the ring, buckets, listings.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use actix::Addr;
use cartwheel::bucket::{Bucket, Creation, CreationStep, MemberFailure};
use cartwheel::key::KeyHash;
use cartwheel::message::client::{
    BucketCreate, BucketDescription, BucketList, ExtensionStatus, List, Locate, Located,
    MemberDescription, PeerStatus, RequestError, Ring as RingQuestion, RingDescription,
    ShardStatus, Status, StatusDescription,
};
use cartwheel::message::replica::{
    BucketActivate, BucketPrepare, Buckets, BucketsQuery, ReplicaList, ReplicaListed,
};
use cartwheel::message::{Kind, Message};
use cartwheel::node::NodeId;

use crate::bridge::{CallError, Link, PeerIdentity, Peers, Router};
use crate::coordinator::{CoordinatorAddress, InspectCoordinator};
use crate::extension::Inspection;
use crate::learning::{BucketLearner, Hint};
use crate::listing::{self, KeysHere, ListActor};
use crate::mailbox::post;
use crate::replica::{InspectReplica, ReplicaActor};
use crate::ring::{Activate, AllBuckets, Prepare, RingActor, SharedRing};
use crate::shell::{Clock, EntropySource};
use crate::supervision::Supervision;

/// The kinds that must have a handler here; the others are the hot path's.
pub const KINDS: [Kind; 10] = [
    List::KIND,
    BucketCreate::KIND,
    BucketList::KIND,
    Status::KIND,
    RingQuestion::KIND,
    Locate::KIND,
    ReplicaList::KIND,
    BucketsQuery::KIND,
    BucketPrepare::KIND,
    BucketActivate::KIND,
];

/// What a node tells of the machine it runs on.
pub trait HostFacts: Send + Sync {
    /// The version of the program.
    fn version(&self) -> String;

    /// The process.
    fn process_id(&self) -> u32;

    /// User and system time of the whole process, in microseconds.
    fn cpu_us(&self) -> u64;

    /// The file system under the data.
    fn file_system(&self) -> String;
}

/// Answers for the node.
pub struct Administration {
    identity: PeerIdentity,
    ring: SharedRing,
    ring_actor: Addr<RingActor>,
    list_actor: Addr<ListActor>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn EntropySource>,
    host: Arc<dyn HostFacts>,
    supervision: Arc<Supervision>,
    links: Vec<BTreeMap<NodeId, Arc<Link>>>,
    peers: OnceLock<Peers>,
    learner: OnceLock<Addr<BucketLearner>>,
    shards: OnceLock<Vec<(Addr<ReplicaActor>, CoordinatorAddress)>>,
    extensions: OnceLock<Vec<Inspection>>,
}

impl Administration {
    #[allow(clippy::too_many_arguments)] // The node's builder is the only caller.
    pub(crate) fn new(
        identity: PeerIdentity,
        ring: SharedRing,
        ring_actor: Addr<RingActor>,
        list_actor: Addr<ListActor>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn EntropySource>,
        host: Arc<dyn HostFacts>,
        supervision: Arc<Supervision>,
        links: Vec<BTreeMap<NodeId, Arc<Link>>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            identity,
            ring,
            ring_actor,
            list_actor,
            clock,
            entropy,
            host,
            supervision,
            links,
            peers: OnceLock::new(),
            learner: OnceLock::new(),
            shards: OnceLock::new(),
            extensions: OnceLock::new(),
        })
    }

    pub(crate) fn meet(&self, peers: Peers, learner: Addr<BucketLearner>) {
        // Called once, by the builder.
        let _ = self.peers.set(peers);
        let _ = self.learner.set(learner);
    }

    pub(crate) fn meet_shards(
        &self,
        replicas: &[Addr<ReplicaActor>],
        coordinators: &[CoordinatorAddress],
    ) {
        let shards = replicas.iter().cloned().zip(coordinators.iter().cloned());
        // Called once, by the builder.
        let _ = self.shards.set(shards.collect());
    }

    pub(crate) fn meet_extensions(&self, extensions: Vec<Inspection>) {
        // Called once, by the builder.
        let _ = self.extensions.set(extensions);
    }

    /// Registers a handler for each of [`KINDS`].
    pub(crate) fn routes(self: &Arc<Self>, router: &mut Router) {
        self.route(router, |own, list: List| async move {
            let clock = Arc::clone(&own.clock);
            listing::page(own.ring.current(), own.peers()?, clock, list).await
        });
        self.route(router, |own, create: BucketCreate| async move {
            own.create(create).await
        });
        self.route(
            router,
            |own, _: BucketList| async move { Ok(own.buckets()) },
        );
        self.route(router, |own, _: Status| async move { own.status().await });
        self.route(router, |own, _: RingQuestion| async move {
            Ok(own.describe_ring())
        });
        self.route(
            router,
            |own, locate: Locate| async move { own.locate(&locate) },
        );
        self.route(router, |own, list: ReplicaList| async move {
            own.keys_here(list).await
        });
        self.route(router, |own, _: BucketsQuery| async move {
            own.all_buckets().await
        });
        self.route(router, |own, BucketPrepare { bucket }| async move {
            let agreed = own.flatten(own.ring_actor.send(Prepare(bucket)).await)?;
            Ok(BucketDescription { bucket: agreed })
        });
        self.route(router, |own, BucketActivate { bucket }| async move {
            own.flatten(own.ring_actor.send(Activate(bucket)).await)
        });
    }

    fn route<M, F>(
        self: &Arc<Self>,
        router: &mut Router,
        handle: impl Fn(Arc<Self>, M) -> F + Send + Sync + 'static,
    ) where
        M: Message + 'static,
        M::Reply: 'static,
        F: Future<Output = Result<M::Reply, RequestError>> + 'static,
    {
        let own = Arc::clone(self);
        router.route(move |message: M| handle(Arc::clone(&own), message));
    }

    fn peers(&self) -> Result<Peers, RequestError> {
        self.peers.get().cloned().ok_or_else(|| self.restarted())
    }

    fn restarted(&self) -> RequestError {
        let node = self.identity.node;
        RequestError::Restarted { node }
    }

    fn flatten<T>(
        &self,
        sent: Result<Result<T, RequestError>, actix::MailboxError>,
    ) -> Result<T, RequestError> {
        sent.unwrap_or_else(|_| Err(self.restarted()))
    }

    async fn create(
        &self,
        BucketCreate { bucket }: BucketCreate,
    ) -> Result<BucketDescription, RequestError> {
        let ring = self.ring.current();
        let mut creation = Creation::begin(&ring, bucket, &mut *self.entropy.fork())?;
        let peers = self.peers()?;
        loop {
            match creation.step() {
                CreationStep::Prepare(member, bucket) => {
                    let agreed = peers.call(member, BucketPrepare { bucket }).await;
                    let agreed = agreed.map(|agreed| agreed.bucket);
                    creation.agreed(agreed.map_err(|error| failure(member, error)))?;
                }
                CreationStep::Activate(member, bucket) => {
                    let activated = peers.call(member, BucketActivate { bucket }).await;
                    creation.activated(activated.map_err(|error| failure(member, error)))?;
                }
                CreationStep::Done(bucket) => return Ok(BucketDescription { bucket }),
            }
        }
    }

    fn buckets(&self) -> Vec<BucketDescription> {
        let ring = self.ring.current();
        let describe = |bucket: &Arc<Bucket>| BucketDescription {
            bucket: Bucket::clone(bucket),
        };
        ring.buckets().map(describe).collect()
    }

    async fn all_buckets(&self) -> Result<Buckets, RequestError> {
        let known = self.ring_actor.send(AllBuckets).await;
        known.map(|known| known.0).map_err(|_| self.restarted())
    }

    fn describe_ring(&self) -> RingDescription {
        let ring = self.ring.current();
        let layout = ring.layout();
        RingDescription {
            epoch: layout.view().epoch,
            partitions: 1 << layout.partition_bits(),
            members: layout
                .members()
                .iter()
                .map(MemberDescription::from)
                .collect(),
            owners: layout
                .preference_lists()
                .iter()
                .map(|list| list.to_vec())
                .collect(),
        }
    }

    fn locate(&self, locate: &Locate) -> Result<Located, RequestError> {
        let ring = self.ring.current();
        let target = ring.locate(&locate.bucket, &locate.key)?;
        let members = target
            .owners()
            .iter()
            .filter_map(|owner| ring.layout().member(*owner));
        Ok(Located {
            hash: KeyHash::of(target.bucket.id, &locate.key).0,
            partition: target.partition().0,
            owners: members.map(MemberDescription::from).collect(),
        })
    }

    async fn keys_here(&self, list: ReplicaList) -> Result<ReplicaListed, RequestError> {
        let ring = self.ring.current();
        let Some(n) = ring.bucket_of(list.bucket).map(|bucket| bucket.n) else {
            self.hint_at_all();
            let name = format!("id {}", list.bucket.0);
            return Err(RequestError::UnknownBucket { name });
        };
        self.flatten(self.list_actor.send(KeysHere { list, n }).await)
    }

    /// Some peer knows a bucket that is unknown here; the question does not say which.
    fn hint_at_all(&self) {
        if let (Some(learner), Some(peers)) = (self.learner.get(), self.peers.get()) {
            peers.nodes().for_each(|peer| post(learner, Hint(peer)));
        }
    }

    async fn status(&self) -> Result<StatusDescription, RequestError> {
        let mut shards = Vec::new();
        let mut in_flight: BTreeMap<NodeId, u64> = BTreeMap::new();
        for (at, (replica, coordinator)) in self.shards.get().into_iter().flatten().enumerate() {
            let replica = replica
                .send(InspectReplica)
                .await
                .map_err(|_| self.restarted())?;
            let state = coordinator.0.send(InspectCoordinator).await;
            let state = state.map_err(|_| self.restarted())?;
            for (peer, credits) in state.peers {
                *in_flight.entry(peer).or_default() += u64::from(credits.under_way());
            }
            shards.push(ShardStatus {
                shard: u16::try_from(at).unwrap_or(u16::MAX),
                operations: state.operations as u64,
                unwritten: replica.unwritten as u64,
                origin: replica.origin,
                restarts: self.supervision.restarts(),
                answered: state.counters.answered,
                overloaded: state.counters.overloaded,
                corrupt: replica.counters.corrupt,
            });
        }
        Ok(StatusDescription {
            node: self.identity.node,
            store: self.identity.store,
            version: self.host.version(),
            cluster: self.identity.cluster.to_string(),
            epoch: self.ring.current().layout().view().epoch,
            process_id: self.host.process_id(),
            cpu_us: self.host.cpu_us(),
            file_system: self.host.file_system(),
            shards,
            peers: self.peer_status(&in_flight),
            extensions: self.extension_status().await,
        })
    }

    async fn extension_status(&self) -> Vec<ExtensionStatus> {
        let asked = self.extensions.get().into_iter().flatten();
        futures::future::join_all(asked.map(Inspection::status)).await
    }

    fn peer_status(&self, in_flight: &BTreeMap<NodeId, u64>) -> Vec<PeerStatus> {
        let lanes = self.links.len();
        let peers = self.links.first().into_iter().flatten();
        let status = peers.map(|(peer, link)| {
            let up = self
                .links
                .iter()
                .filter(|lane| lane.get(peer).is_some_and(|l| l.is_up()));
            PeerStatus {
                node: *peer,
                bridge: link.address().to_owned(),
                links_up: u16::try_from(up.count()).unwrap_or(u16::MAX),
                links: u16::try_from(lanes).unwrap_or(u16::MAX),
                in_flight: in_flight.get(peer).copied().unwrap_or(0),
            }
        });
        status.collect()
    }
}

/// The answer to a request for which a peer has no credit of the background class left.
pub(crate) fn overloaded() -> RequestError {
    RequestError::Overloaded {
        retry_after_ms: RETRY_AFTER_MS,
    }
}

/// A few round trips: a credit comes back with each.
const RETRY_AFTER_MS: u32 = 50;

fn failure(member: NodeId, error: CallError) -> MemberFailure {
    match error {
        CallError::Refused(error) => MemberFailure::Refused(error),
        CallError::CreditsSpent { .. } => MemberFailure::Refused(overloaded()),
        error => {
            tracing::warn!(peer = %member, %error, "a member is missing");
            MemberFailure::Missing
        }
    }
}
