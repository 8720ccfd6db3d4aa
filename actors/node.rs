//! A node: it builds its actors in order, and opens its doors when they stand.
//!
//! ```text
//!   ring ─► a shard: replica, coordinator ─► links ─► extensions ─► bridge door
//!        ─► buckets of the peers ─► client door
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix::Addr;
use cartwheel::clock_offset::ClockOffsets;
use cartwheel::config::Config;
use cartwheel::coordination::CoordinatorOptions;
use cartwheel::extension::Kinds;
use cartwheel::greeting::Door;
use cartwheel::limits::{CONNECTIONS_MAX, LINKS_PER_PEER_MAX};
use cartwheel::node::{NodeId, OpeningId, ShardId, StoreId};
use cartwheel::restarts::RestartRule;
use tokio::sync::{Semaphore, oneshot};

use crate::administration::{Administration, HostFacts};
use crate::bridge::{
    Link, LinkActor, LinkOptions, LinkParts, MissingHandler, Openings, PeerIdentity, Peers, Router,
};
use crate::clock_watch::ClockWatch;
use crate::coordinator::{CoordinatorActor, CoordinatorAddress, CoordinatorParts};
use crate::extension::{
    Data, Extension, ExtensionStore, NodeHandle, Observers, Registered, Surroundings,
};
use crate::first_ring::first_ring;
use crate::learning::{BucketLearner, Lessons};
use crate::listing::ListActor;
use crate::mailbox::post;
use crate::replica::{MeetCoordinator, ReplicaActor, ReplicaParts};
use crate::ring::{MeetCoordinators, RingActor, SharedRing};
use crate::served::ServedNode;
use crate::session::serve;
use crate::shell::{Listener, Shell};
pub use crate::start_error::StartError;
use crate::start_numbers::StartNumbers;
use crate::supervision::Supervision;

/// What a node is started with.
pub struct NodeOptions {
    /// Its configuration.
    pub config: Config,
    /// What surrounds it.
    pub shell: Shell,
    /// The id minted inside its store.
    pub store: StoreId,
    /// How many shards; the configuration's 0 was resolved by the caller, who knows the
    /// machine.
    pub shards: u16,
    /// Other people's actors, in the order they start in.
    pub extensions: Vec<Extension>,
    /// What it tells of the machine it runs on.
    pub host: Arc<dyn HostFacts>,
    /// Called when the node can't go on: its store has failed, or an actor's restart budget
    /// is spent. The process is expected to end.
    pub fatal: Arc<dyn Fn(&str) + Send + Sync>,
}

/// A node that serves.
pub struct Node {
    /// Where clients reach it.
    pub client_address: String,
    /// Where nodes reach it.
    pub bridge_address: String,
    /// Counts its restarts, and lets tests make its actors panic.
    pub supervision: Arc<Supervision>,
    shell: Shell,
}

impl Node {
    /// Ends shards and extensions, and waits for none of them; connections end with the shards.
    pub fn stop(&self) {
        self.shell.shards.stop();
    }
}

/// How long a starting node waits for its peers' buckets: a peer that is up answers at once,
/// and one that is away must not keep the others from serving.
const BUCKETS_WAIT: Duration = Duration::from_secs(2);

/// Starts a node on the event loop of the caller, which has to go on running.
pub async fn start(options: NodeOptions) -> Result<Node, StartError> {
    let extensions = Registered::check(&options.extensions, &options.config)?;
    let builder = Builder::new(options, &extensions)?;
    let shards = builder.shards().await?;
    let served = builder.served(&shards, extensions.kinds());
    builder.begin(extensions, &served).await;
    let bridge = builder
        .open(builder.options.config.bridge_address())
        .await?;
    let bridge_address = bridge.address();
    builder.accept(bridge, &served, Door::Bridge);
    builder.learn_buckets().await;
    builder.watch_clocks(&shards).await;
    let client = builder
        .open(builder.options.config.client_address())
        .await?;
    let client_address = client.address();
    builder.accept(client, &served, Door::Client);
    Ok(Node {
        client_address,
        bridge_address,
        supervision: builder.supervision,
        shell: builder.options.shell,
    })
}

struct Builder {
    options: NodeOptions,
    identity: PeerIdentity,
    ring: SharedRing,
    ring_actor: Addr<RingActor>,
    supervision: Arc<Supervision>,
    /// By lane, then by peer.
    links: Vec<BTreeMap<NodeId, Arc<Link>>>,
    administration: Arc<Administration>,
    router: Arc<Router>,
    lessons: Lessons,
    learner: Addr<BucketLearner>,
    observers: Observers,
    openings: Arc<Openings>,
}

struct StartedShards {
    replicas: Vec<Addr<ReplicaActor>>,
    coordinators: Vec<CoordinatorAddress>,
}

impl Builder {
    fn new(options: NodeOptions, extensions: &Registered) -> Result<Self, StartError> {
        let config = &options.config;
        let fatal = Arc::clone(&options.fatal);
        let budget = RestartRule {
            restarts_max: config.supervision.restarts_max,
            window: millis(config.supervision.restart_window_ms),
        };
        let clock = Arc::clone(&options.shell.clock);
        let supervision = Supervision::new(budget, clock, move |actor| {
            fatal(&format!("the restart budget of {actor} is spent"));
        });
        let identity = PeerIdentity {
            cluster: config.cluster.id,
            node: config.node.id,
            store: options.store,
            opening: OpeningId(options.shell.entropy.fork().next_u64()),
            address: config.bridge_address().to_owned(),
        };
        let ring = SharedRing::new(first_ring(config));
        let store = Arc::clone(&options.shell.store);
        let actor = RingActor::new(config.node.id, ring.clone(), Arc::clone(&store))?;
        let ring_actor = supervision.start("ring", |_| actor);
        let list_actor = ListActor::new(config.node.id, store);
        let list_actor = supervision.start("list", |_| list_actor);
        let links = links(config, &identity, options.shards);
        let administration = Administration::new(
            identity.clone(),
            ring.clone(),
            ring_actor.clone(),
            list_actor,
            Arc::clone(&options.shell.clock),
            Arc::clone(&options.shell.entropy),
            Arc::clone(&options.host),
            Arc::clone(&supervision),
            links.clone(),
        );
        let router = Arc::new(router(&administration, &options, extensions)?);
        let first_lane = links.first().cloned().unwrap_or_default();
        let peers = Peers::new(config.node.id, first_lane, Arc::clone(&router));
        let lessons = Lessons {
            peers: peers.clone(),
            ring: ring.clone(),
            ring_actor: ring_actor.clone(),
        };
        let learner = BucketLearner::new(lessons.clone());
        let learner = supervision.start("learner", |_| learner);
        administration.meet(peers, learner.clone());
        Ok(Self {
            options,
            identity,
            ring,
            ring_actor,
            supervision,
            links,
            administration,
            router,
            lessons,
            learner,
            observers: extensions.observers(),
            openings: Arc::default(),
        })
    }

    async fn shards(&self) -> Result<StartedShards, StartError> {
        let starts = Arc::new(StartNumbers::default());
        let mut replicas = Vec::new();
        let mut coordinators = Vec::new();
        for shard in 0..self.options.shards {
            let (sender, started) = oneshot::channel();
            self.begin_shard(ShardId(shard), Arc::clone(&starts), sender);
            let (replica, coordinator) = started.await.map_err(|_| StartError::Shard { shard })?;
            replicas.push(replica);
            coordinators.push(CoordinatorAddress(coordinator));
        }
        let addresses = coordinators.iter().map(|coordinator| coordinator.0.clone());
        post(&self.ring_actor, MeetCoordinators(addresses.collect()));
        self.begin_links(&coordinators);
        let shards = StartedShards {
            replicas,
            coordinators,
        };
        self.administration
            .meet_shards(&shards.replicas, &shards.coordinators);
        Ok(shards)
    }

    fn begin_shard(
        &self,
        shard: ShardId,
        starts: Arc<StartNumbers>,
        sender: oneshot::Sender<(Addr<ReplicaActor>, Addr<CoordinatorActor>)>,
    ) {
        let replica_parts = self.replica_parts(shard);
        let parts = self.coordinator_parts(shard, starts);
        let supervision = Arc::clone(&self.supervision);
        let begin = move || {
            let replica = supervision.start("replica", |_| ReplicaActor::new(replica_parts));
            let parts = parts(replica.clone());
            let coordinator = supervision.start("coordinator", |_| CoordinatorActor::new(parts));
            post(&replica, MeetCoordinator(coordinator.clone()));
            // The builder waits for it, or has given up with the whole node.
            let _ = sender.send((replica, coordinator));
        };
        self.options.shell.shards.run(shard, Box::new(begin));
    }

    fn replica_parts(&self, shard: ShardId) -> ReplicaParts {
        let cache_bytes =
            self.options.config.storage.record_cache_bytes / u64::from(self.options.shards.max(1));
        ReplicaParts {
            shard,
            secret: self.options.config.cluster.secret.clone(),
            cache_bytes: usize::try_from(cache_bytes).unwrap_or(usize::MAX),
            ring: self.ring.clone(),
            shell: self.options.shell.clone(),
            observers: self.observers.clone(),
            store_failed: Arc::clone(&self.options.fatal),
        }
    }

    fn coordinator_parts(
        &self,
        shard: ShardId,
        starts: Arc<StartNumbers>,
    ) -> impl FnOnce(Addr<ReplicaActor>) -> CoordinatorParts + Send + use<> {
        let config = &self.options.config;
        let coordination = &config.coordination;
        let options = CoordinatorOptions {
            read_fanout: coordination.read_fanout,
            hedge_min: millis(coordination.hedge_min_ms),
            hedge_max: millis(coordination.hedge_max_ms),
        };
        let (node, ring) = (config.node.id, self.ring.clone());
        let secret = config.cluster.secret.clone();
        let sweep = millis(coordination.sweep_ms);
        let clock = Arc::clone(&self.options.shell.clock);
        let links = self.links[lane_of(shard)].clone();
        move |replica| CoordinatorParts {
            node,
            shard,
            starts,
            ring,
            secret,
            options,
            sweep,
            clock,
            replica,
            links,
        }
    }

    fn begin_links(&self, coordinators: &[CoordinatorAddress]) {
        let parts = LinkParts {
            shell: self.options.shell.clone(),
            coordinators: coordinators.to_vec(),
            learner: self.learner.clone(),
            openings: Arc::clone(&self.openings),
            fatal: Arc::clone(&self.options.fatal),
        };
        for (lane, links) in self.links.iter().enumerate() {
            for link in links.values() {
                let (link, parts) = (Arc::clone(link), parts.clone());
                let supervision = Arc::clone(&self.supervision);
                let begin = move || {
                    let actor = LinkActor::new(link, parts, lane);
                    supervision.start("link", |_| actor);
                };
                let shard = ShardId(u16::try_from(lane).unwrap_or(0));
                self.options.shell.shards.run(shard, Box::new(begin));
            }
        }
    }

    async fn begin(&self, extensions: Registered, served: &Arc<ServedNode>) {
        let supervision = &self.options.config.supervision;
        let around = Surroundings {
            supervision: Arc::clone(&self.supervision),
            store: Arc::clone(&self.options.shell.store),
            shards: Arc::clone(&self.options.shell.shards),
            rule: RestartRule {
                restarts_max: supervision.extension_restarts_max,
                window: millis(supervision.extension_window_ms),
            },
        };
        let handle = |store| self.handle(served, store);
        let begun = extensions.begin(&around, handle).await;
        self.administration.meet_extensions(begun);
    }

    fn handle(&self, served: &Arc<ServedNode>, store: ExtensionStore) -> NodeHandle {
        let peers = self.lessons.peers.clone();
        let entropy = Arc::clone(&self.options.shell.entropy);
        let secret = self.options.config.cluster.secret.clone();
        NodeHandle {
            node: self.identity.node,
            ring: self.ring.clone(),
            store,
            data: Data::new(
                Arc::clone(served),
                peers.clone(),
                Arc::clone(&entropy),
                secret,
            ),
            clock: Arc::clone(&self.options.shell.clock),
            peers: peers.for_extensions(),
            entropy,
        }
    }

    fn served(&self, shards: &StartedShards, extensions: Arc<Kinds>) -> Arc<ServedNode> {
        let coordination = &self.options.config.coordination;
        Arc::new(ServedNode {
            id: self.identity.node,
            identity: self.identity.clone(),
            ring: self.ring.clone(),
            clock: Arc::clone(&self.options.shell.clock),
            request_timeout: millis(coordination.request_timeout_ms),
            request_timeout_max: REQUEST_TIMEOUT_MAX,
            replicas: shards.replicas.clone(),
            coordinators: shards.coordinators.clone(),
            router: Arc::clone(&self.router),
            extensions,
            learner: self.learner.clone(),
            peers: self.lessons.peers.clone(),
            unread: Arc::default(),
            openings: Arc::clone(&self.openings),
        })
    }

    async fn open(&self, address: &str) -> Result<Box<dyn Listener>, StartError> {
        let opened = self.options.shell.network.listen(address.to_owned()).await;
        opened.map_err(|error| {
            let address = address.to_owned();
            StartError::Listen { address, error }
        })
    }

    /// Deals connections round the shards; where there are too many, the next ones wait to
    /// be accepted.
    fn accept(&self, mut listener: Box<dyn Listener>, served: &Arc<ServedNode>, door: Door) {
        let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let shards = Arc::clone(&self.options.shell.shards);
        let (served, count) = (Arc::clone(served), self.options.shards);
        actix_rt::spawn(async move {
            for turn in 0_u64.. {
                let Ok(place) = Arc::clone(&room).acquire_owned().await else {
                    return;
                };
                let arriving = match listener.accept().await {
                    Ok(arriving) => arriving,
                    Err(error) => {
                        // Out of file descriptors, most likely: give some time to return.
                        tracing::warn!(%error, "a connection could not be accepted");
                        tokio::time::sleep(ACCEPT_BACKOFF).await;
                        continue;
                    }
                };
                let served = Arc::clone(&served);
                let shard = u16::try_from(turn % u64::from(count)).unwrap_or(0);
                let begin = move || {
                    actix_rt::spawn(async move {
                        match arriving.attach() {
                            Ok(stream) => serve(served, stream, door).await,
                            Err(error) => tracing::debug!(%error, "a connection was gone"),
                        }
                        drop(place);
                    });
                };
                shards.run(ShardId(shard), Box::new(begin));
            }
        });
    }

    /// Knows how far its clock is off before it takes a write, and keeps knowing.
    async fn watch_clocks(&self, shards: &StartedShards) {
        let mut watch = ClockWatch {
            peers: self.lessons.peers.clone(),
            clock: Arc::clone(&self.options.shell.clock),
            coordinators: shards.coordinators.clone(),
            offsets: ClockOffsets::new(millis(self.options.config.lww.max_offset_ms)),
            refuses: false,
        };
        watch.round().await;
        self.supervision.start("clock watch", |_| watch);
    }

    /// Takes over the buckets that peers have activated while this node was away.
    async fn learn_buckets(&self) {
        let asked = self.lessons.peers.nodes().map(|peer| async move {
            let asking = async {
                // Until the link is up, and the peer has started as well.
                while self.lessons.take(peer).await.is_err() {
                    tokio::time::sleep(ASK_AGAIN).await;
                }
            };
            tokio::time::timeout(BUCKETS_WAIT, asking).await
        });
        // A peer that is away is asked when its link is up.
        futures::future::join_all(asked).await;
    }
}

/// Everything that is asked one question at a time, with somebody to answer it.
fn router(
    administration: &Arc<Administration>,
    options: &NodeOptions,
    extensions: &Registered,
) -> Result<Router, MissingHandler> {
    let mut router = Router::default();
    administration.routes(&mut router);
    router.check(crate::administration::KINDS)?;
    crate::clock_watch::routes(&mut router, Arc::clone(&options.shell.clock));
    router.check(crate::clock_watch::KINDS)?;
    extensions.routes(&options.shell.shards, &mut router);
    Ok(router)
}

const ACCEPT_BACKOFF: Duration = Duration::from_millis(100);
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// The longest deadline a client may ask for: what holds a slot longer is no request.
const REQUEST_TIMEOUT_MAX: Duration = Duration::from_secs(60);

fn millis(millis: u32) -> Duration {
    Duration::from_millis(u64::from(millis))
}

fn lane_of(shard: ShardId) -> usize {
    shard.index() % usize::from(LINKS_PER_PEER_MAX)
}

fn links(
    config: &Config,
    identity: &PeerIdentity,
    shards: u16,
) -> Vec<BTreeMap<NodeId, Arc<Link>>> {
    let options = LinkOptions {
        connect_timeout: millis(config.links.connect_timeout_ms),
        idle_timeout: millis(config.links.idle_timeout_ms),
        reconnect_min: millis(config.links.reconnect_min_ms),
        reconnect_max: millis(config.links.reconnect_max_ms),
    };
    let lanes = 0..shards.clamp(1, LINKS_PER_PEER_MAX);
    let lane = |lane| {
        let link = |peer: &cartwheel::config::Member| {
            let bridge = peer.bridge.clone();
            (
                peer.id,
                Link::new(peer.id, bridge, lane, identity.clone(), options),
            )
        };
        config.peers().map(link).collect()
    };
    lanes.map(lane).collect()
}
