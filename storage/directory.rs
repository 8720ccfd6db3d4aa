//! The directory that a store lives in: made to last, and opened by one at a time.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

use crate::OpenError;

/// Locked while the store is open. RocksDB has a lock of its own, but says so in a sentence
/// only; this one also covers the moments before RocksDB is there.
const LOCK_FILE: &str = "cartwheel.lock";

/// RocksDB's pointer to its newest manifest: where it is missing, so is the database.
const CURRENT_FILE: &str = "CURRENT";

/// What a directory may hold before there is a database in it: our lock, what an ext4 volume
/// is born with, and what RocksDB writes before `CURRENT`.
const BEFORE_CREATION: [&str; 7] = [
    LOCK_FILE,
    "lost+found",
    "LOCK",
    "LOG",
    "IDENTITY",
    "MANIFEST-",
    "OPTIONS-",
];

/// Held by one opening of one process; the kernel releases it when the process dies.
pub(crate) struct Lock {
    _file: File,
}

/// Makes the directory if need be, and locks it.
pub(crate) fn take(path: &Path) -> Result<Lock, OpenError> {
    let failed = |source| OpenError::Io {
        path: path.to_owned(),
        source,
    };
    create(path).map_err(failed)?;
    let lock = lock(path)?;
    match stranger(path).map_err(failed)? {
        None => Ok(lock),
        Some(file) => Err(OpenError::NotAStore {
            path: path.to_owned(),
            file,
        }),
    }
}

/// Syncs every parent it adds to: a synced file in a directory whose own name is lost in a
/// power cut is lost with it.
fn create(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = path.parent().filter(|parent| *parent != Path::new(""));
    let parent = parent.unwrap_or(Path::new("."));
    create(parent)?;
    match fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => File::open(parent)?.sync_all(),
    }
}

fn lock(path: &Path) -> Result<Lock, OpenError> {
    let file = path.join(LOCK_FILE);
    let failed = |source| OpenError::Io {
        path: file.clone(),
        source,
    };
    let mut options = File::options();
    let options = options.create(true).truncate(false).write(true);
    let opened = options.open(&file).map_err(failed)?;
    match opened.try_lock() {
        Ok(()) => Ok(Lock { _file: opened }),
        Err(TryLockError::Error(error)) => Err(failed(error)),
        Err(TryLockError::WouldBlock) => Err(OpenError::AlreadyOpen {
            path: path.to_owned(),
        }),
    }
}

/// A file that has no business in a directory without a database. RocksDB would start an
/// empty one beside it, and remove what looks like its own: a damaged store would be gone.
fn stranger(path: &Path) -> io::Result<Option<String>> {
    if path.join(CURRENT_FILE).exists() {
        return Ok(None);
    }
    for entry in fs::read_dir(path)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let early = BEFORE_CREATION.iter().any(|early| name.starts_with(early));
        if !early && !name.ends_with(".dbtmp") {
            return Ok(Some(name));
        }
    }
    Ok(None)
}
