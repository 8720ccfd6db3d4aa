//! The store of a node: opened as its configuration says, closed before the process ends.

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use cartwheel::config::{Config, StorageKind};
use cartwheel::node::StoreId;
use cartwheel::store::{Identity, MemoryMode, MemoryStore, ReplicaStore};
use cartwheel_actors::extension::Extension;
use cartwheel_storage::{OpenOptions, RocksStore, file_system_of};

use super::ServeError;

/// How long the store waits for those who use it to let go of it.
const LET_GO: Duration = Duration::from_secs(5);

/// The store of a node.
pub enum NodeStore {
    /// On disk.
    Rocks(Arc<RocksStore>),
    /// In memory, and gone at the end.
    Memory {
        store: Arc<MemoryStore>,
        id: StoreId,
    },
}

impl NodeStore {
    /// Opens the store that the configuration asks for.
    pub fn open(
        config: &Config,
        extensions: &[Extension],
        accept_lost_writes: bool,
    ) -> Result<Self, ServeError> {
        let new_id = StoreId(rand::random());
        match config.storage.kind {
            StorageKind::Memory => {
                let store = Arc::new(MemoryStore::new(MemoryMode::Immediate));
                let identity = store.open(Identity {
                    store: new_id,
                    node: config.node.id,
                    cluster: config.cluster.id,
                })?;
                let id = identity.store;
                Ok(Self::Memory { store, id })
            }
            StorageKind::Rocksdb => {
                let options = OpenOptions {
                    path: config.node.data_dir.clone().into(),
                    node: config.node.id,
                    cluster: config.cluster.id,
                    new_store_id: new_id,
                    block_cache_bytes: bytes(config.storage.block_cache_bytes),
                    memtable_bytes: bytes(config.storage.memtable_bytes),
                    extensions: extensions.iter().map(Extension::name).collect(),
                    accept_lost_writes,
                };
                Ok(Self::Rocks(Arc::new(RocksStore::open(options)?)))
            }
        }
    }

    /// The store as the node uses it.
    pub fn shared(&self) -> Arc<dyn ReplicaStore> {
        match self {
            Self::Rocks(store) => store.clone(),
            Self::Memory { store, .. } => store.clone(),
        }
    }

    /// The id minted inside it.
    pub fn id(&self) -> StoreId {
        match self {
            Self::Rocks(store) => store.identity().store,
            Self::Memory { id, .. } => *id,
        }
    }

    /// The file system under the data.
    pub fn file_system(&self, config: &Config) -> String {
        match self {
            Self::Rocks(_) => file_system_of(Path::new(&config.node.data_dir)),
            Self::Memory { .. } => "memory".to_owned(),
        }
    }

    /// Commits what is queued and closes; everything that uses the store has been told to end.
    pub fn close(self) {
        let Self::Rocks(store) = self else { return };
        // A thread in the middle of a read while the process ends would crash it.
        let began = Instant::now();
        while Arc::strong_count(&store) > 1 && began.elapsed() < LET_GO {
            thread::sleep(Duration::from_millis(5));
        }
        store.close();
    }
}

/// As much as this machine can address.
fn bytes(setting: u64) -> usize {
    usize::try_from(setting).unwrap_or(usize::MAX)
}
