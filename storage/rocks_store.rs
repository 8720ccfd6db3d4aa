//! The store as a node has it: opened, attached to, closed.

use std::io;
use std::mem;
use std::path::PathBuf;
use std::sync::mpsc::{SendError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{self, JoinHandle};

use bytes::Bytes;
use cartwheel::node::{ClusterId, NodeId, ShardId, StoreId};
use cartwheel::store::{
    Committer, CompletionSink, Family, Identity, Peek, Range, ReplicaStore, Sinks, StoreError,
    Submission, Ticket,
};

use crate::commit::{COMMIT_QUEUE_MAX, Command, Committing, Queued};
use crate::engine::Engine;
use crate::health::Health;
use crate::planted_bug::PlantedBug;
use crate::readers::{Load, READ_QUEUE_MAX, READERS, Reader, Request, Wanted};
use crate::tuning::Memory;
use crate::{OpenError, creation, directory};

/// What a submission hears that finds nobody: of a store that was not closed, so that a thread
/// has panicked.
const THREAD_ENDED: &str = "a thread of the store has ended";

/// What it takes to open a store.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// The directory, made if it is not there.
    pub path: PathBuf,
    /// Whose store it has to be.
    pub node: NodeId,
    /// Of which cluster.
    pub cluster: ClusterId,
    /// The name that the store gets if it is new: random, since a store that was wiped or
    /// copied is told from the one it was by this name alone.
    pub new_store_id: StoreId,
    /// How much of what was read stays in memory.
    pub block_cache_bytes: usize,
    /// How many fresh writes stay in memory before they go to a sorted file.
    pub memtable_bytes: usize,
    /// The names of the extensions that keep data here. What others have kept stays as it is.
    pub extensions: Vec<&'static str>,
    /// Whether to go on where the log has lost writes that were synced. Only whoever knows that
    /// other owners have them can say so.
    pub accept_lost_writes: bool,
}

/// A store on disk. Close it before the process exits.
pub struct RocksStore {
    engine: Arc<Engine>,
    health: Arc<Health>,
    sinks: RwLock<Sinks>,
    commands: SyncSender<Command>,
    requests: SyncSender<Request>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    identity: Identity,
}

impl RocksStore {
    /// Opens the store of a node, or makes a new one in an empty directory.
    pub fn open(options: OpenOptions) -> Result<Self, OpenError> {
        let wanted = Identity {
            store: options.new_store_id,
            node: options.node,
            cluster: options.cluster,
        };
        let path = options.path;
        let lock = directory::take(&path)?;
        let memory = Memory {
            block_cache_bytes: options.block_cache_bytes,
            memtable_bytes: options.memtable_bytes,
        };
        let (extensions, accept) = (&options.extensions, options.accept_lost_writes);
        let engine = Engine::open(&path, memory, extensions, lock, accept)?;
        let engine = Arc::new(engine);
        let identity = creation::identity(&engine, &path, wanted)?;
        #[cfg(feature = "planted-bugs")]
        let bug = PlantedBug::chosen()?;
        #[cfg(not(feature = "planted-bugs"))]
        let bug = PlantedBug::default();
        Self::start(engine, identity, bug).map_err(|source| OpenError::Io { path, source })
    }

    /// What the store says about itself.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// Commits what is queued, syncs, and ends all threads; what comes later fails. The
    /// directory can be opened again once the store is dropped, too.
    pub fn close(&self) {
        let threads = self.threads.lock();
        let threads = mem::take(&mut *threads.unwrap_or_else(PoisonError::into_inner));
        if threads.is_empty() {
            return;
        }
        // A thread that is gone already needs no telling.
        let _ = self.commands.send(Command::Close);
        for _ in 0..READERS {
            let _ = self.requests.send(Request::Close);
        }
        for thread in threads {
            join(thread);
        }
        self.health.abandon("it is closed");
        self.engine.end_background_work();
    }

    fn start(engine: Arc<Engine>, identity: Identity, bug: PlantedBug) -> io::Result<Self> {
        let health = Arc::<Health>::default();
        let (commands, taken) = sync_channel(COMMIT_QUEUE_MAX);
        let (requests, asked) = sync_channel(READ_QUEUE_MAX);
        let committing = Committing::new(Arc::clone(&engine), Arc::clone(&health), taken, bug);
        let mut threads = vec![spawn("commit", || committing.run())?];
        let asked = Arc::new(Mutex::new(asked));
        for _ in 0..READERS {
            let reader = Reader {
                engine: Arc::clone(&engine),
                health: Arc::clone(&health),
                requests: Arc::clone(&asked),
            };
            threads.push(spawn("reader", || reader.run())?);
        }
        Ok(Self {
            engine,
            health,
            sinks: RwLock::default(),
            commands,
            requests,
            threads: Mutex::new(threads),
            identity,
        })
    }

    fn read(&self, shard: ShardId, ticket: Ticket, what: Wanted) {
        let sink = self.sink(shard);
        let sent = self
            .requests
            .send(Request::Load(Load { ticket, what, sink }));
        if let Err(SendError(Request::Load(load))) = sent {
            load.fail(self.health.abandon(THREAD_ENDED));
        }
    }

    fn sink(&self, shard: ShardId) -> Arc<dyn CompletionSink> {
        let sinks = self.sinks.read().unwrap_or_else(PoisonError::into_inner);
        sinks.of(shard)
    }
}

impl Drop for RocksStore {
    fn drop(&mut self) {
        self.close();
    }
}

impl Committer for RocksStore {
    fn attach(&self, shard: ShardId, sink: Arc<dyn CompletionSink>) {
        let mut sinks = self.sinks.write().unwrap_or_else(PoisonError::into_inner);
        sinks.attach(shard, sink);
    }

    fn submit(&self, submission: Submission) {
        let sink = self.sink(submission.shard);
        let queued = Queued { submission, sink };
        let sent = self.commands.send(Command::Commit(queued));
        if let Err(SendError(Command::Commit(queued))) = sent {
            queued.fail(&self.health.abandon(THREAD_ENDED));
        }
    }
}

impl ReplicaStore for RocksStore {
    fn peek(&self, family: Family, key: &[u8]) -> Result<Peek, StoreError> {
        self.health.check()?;
        self.engine.peek(family, key)
    }

    fn load(&self, shard: ShardId, ticket: Ticket, family: Family, key: Bytes) {
        self.read(shard, ticket, Wanted::Value(family, key));
    }

    fn load_range(&self, shard: ShardId, ticket: Ticket, range: Range) {
        self.read(shard, ticket, Wanted::Range(range));
    }

    fn scan(
        &self,
        family: Family,
        from: &[u8],
        until: &[u8],
        limit: usize,
    ) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
        self.health.check()?;
        self.engine.scan(family, from, until, limit)
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name(name.to_owned()).spawn(work)
}

/// A sink that drops the last handle to the store closes it on a thread of the store's own,
/// which must not wait for itself.
fn join(thread: JoinHandle<()>) {
    if thread.thread().id() == thread::current().id() {
        return;
    }
    let name = thread.thread().name().unwrap_or("a thread").to_owned();
    if thread.join().is_err() {
        tracing::error!(name, "a thread of the store has panicked");
    }
}
