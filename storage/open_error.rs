//! Why a store can't be opened.

use std::io;
use std::path::PathBuf;

use cartwheel::node::{ClusterId, NodeId};
use cartwheel::store::{IdentityError, StoreError};

/// Why a store can't be opened; nothing in it was changed, but that RocksDB has put what its log
/// still holds into files where that has lost writes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process, or another opening of this one, has it.
    #[error("{} is open already: one node at a time", path.display())]
    AlreadyOpen {
        /// The store's directory.
        path: PathBuf,
    },
    /// It holds another node's data.
    #[error("{} belongs to {found}, not to {wanted}", path.display())]
    BelongsToAnotherNode {
        /// The store's directory.
        path: PathBuf,
        /// Whose it is.
        found: NodeId,
        /// Who wants to open it.
        wanted: NodeId,
    },
    /// It holds another cluster's data.
    #[error("{} belongs to cluster {found}, not to {wanted}", path.display())]
    BelongsToAnotherCluster {
        /// The store's directory.
        path: PathBuf,
        /// Whose it is.
        found: ClusterId,
        /// Who wants to open it.
        wanted: ClusterId,
    },
    /// It was written by a version with another format.
    #[error("{} has format {found}, this version reads {supported}", path.display())]
    UnknownFormat {
        /// The store's directory.
        path: PathBuf,
        /// The store's.
        found: u32,
        /// This version's.
        supported: u32,
    },
    /// What it says about itself has a wrong length or checksum.
    #[error("the identity of {} ({len} bytes) is damaged", path.display())]
    DamagedIdentity {
        /// The store's directory.
        path: PathBuf,
        /// How long the identity is.
        len: usize,
    },
    /// It holds data and does not say whose.
    #[error("{} holds data but does not say whose", path.display())]
    NoIdentity {
        /// The store's directory.
        path: PathBuf,
    },
    /// The directory is not empty and has no database in it, or one that is damaged.
    #[error("{} has no store in it but other files, {file} for one", path.display())]
    NotAStore {
        /// The directory.
        path: PathBuf,
        /// A file that should not be there.
        file: String,
    },
    /// RocksDB refuses it.
    #[error("RocksDB can't open {}: {source}", path.display())]
    RocksDb {
        /// The store's directory.
        path: PathBuf,
        /// RocksDB's reason.
        source: rocksdb::Error,
    },
    /// The log is damaged before its end: writes that were synced, and may have been acknowledged,
    /// are lost.
    #[error(
        "the log of {} is damaged: writes up to number {synced} were synced, and those up to {found} are left",
        path.display()
    )]
    LostSynced {
        /// The store's directory.
        path: PathBuf,
        /// The number of the last write that was synced.
        synced: u64,
        /// The number of the last one that can be read.
        found: u64,
    },
    /// The system refuses it: a directory, a file or a thread.
    #[error("can't open {}: {source}", path.display())]
    Io {
        /// What could not be opened.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Its identity can't be read or written.
    #[error("can't open {}: {source}", path.display())]
    Failed {
        /// The store's directory.
        path: PathBuf,
        /// The store's reason.
        source: StoreError,
    },
    /// The environment names a bug that does not exist.
    #[cfg(feature = "planted-bugs")]
    #[error("CARTWHEEL_PLANTED_BUG names no bug: {name}")]
    UnknownPlantedBug {
        /// What it names.
        name: String,
    },
}

impl OpenError {
    /// The identity's reason, with the place.
    pub(crate) fn of_identity(path: PathBuf, error: IdentityError) -> Self {
        match error {
            IdentityError::AnotherNode { found, wanted } => Self::BelongsToAnotherNode {
                path,
                found,
                wanted,
            },
            IdentityError::AnotherCluster { found, wanted } => Self::BelongsToAnotherCluster {
                path,
                found,
                wanted,
            },
            IdentityError::UnknownFormat { found, supported } => Self::UnknownFormat {
                path,
                found,
                supported,
            },
            IdentityError::Damaged { len } => Self::DamagedIdentity { path, len },
        }
    }
}
