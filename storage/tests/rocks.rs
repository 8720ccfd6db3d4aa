//! The contract, held by RocksStore.

use std::fs;
use std::path::{Path, PathBuf};

use cartwheel::node::{ClusterId, NodeId, StoreId};
use cartwheel::store::{Durability, Family, Peek, ReplicaStore};
use cartwheel_storage::{OpenOptions, RocksStore};
use tempfile::TempDir;

use crate::contract::{EXTENSION, Shard, Subject, contract_holds_for, key};

contract_holds_for!(Rocks);

/// A store in a directory of its own.
pub struct Rocks {
    store: RocksStore,
    path: PathBuf,
    /// Removes it, if it is temporary.
    temporary: Option<TempDir>,
}

impl Subject for Rocks {
    fn new() -> Self {
        Self::within(TempDir::new().unwrap())
    }

    fn store(&self) -> &dyn ReplicaStore {
        &self.store
    }

    /// A copy of the directory has what the kernel has, which is what a killed process leaves.
    fn killed(self) -> Self {
        let copy = TempDir::new().unwrap();
        copy_files(&self.path, copy.path());
        Self::within(copy)
    }

    fn break_writes(&self) {
        panic!("this takes a full disk or a broken one: see the suites that have them");
    }
}

impl Rocks {
    /// In a directory that somebody else removes.
    pub fn at(path: &Path) -> Self {
        Self {
            store: RocksStore::open(options(path)).unwrap(),
            path: path.to_owned(),
            temporary: None,
        }
    }

    fn within(directory: TempDir) -> Self {
        let mut rocks = Self::at(directory.path());
        rocks.temporary = Some(directory);
        rocks
    }
}

/// What opens a store of node 1.
pub fn options(path: &Path) -> OpenOptions {
    OpenOptions {
        path: path.to_owned(),
        node: NodeId(1),
        cluster: ClusterId(1),
        new_store_id: StoreId(1),
        block_cache_bytes: 8 * 1024 * 1024,
        memtable_bytes: cartwheel_storage::MEMTABLE_BYTES_DEFAULT,
        extensions: vec![EXTENSION],
        accept_lost_writes: false,
    }
}

/// Copies the files of a directory that has no directories in it.
pub fn copy_files(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// Opening writes the log's records into files, of which the block cache has nothing yet.
#[test]
fn what_memory_does_not_have_is_loaded_and_stays() {
    let subject = Rocks::new();
    let shard = Shard::attach(&subject, 0, 1);
    shard.put(&key(1), b"value", Durability::Synced);
    shard.wait_for(1);
    let subject = subject.killed();
    let shard = Shard::attach(&subject, 0, 1);
    let peek = |number| subject.store.peek(Family::Objects, &key(number)).unwrap();
    assert_eq!(peek(1), Peek::NotInMemory);
    assert_eq!(peek(2), Peek::Absent, "the filter is always in memory");
    assert_eq!(shard.load(Family::Objects, &key(1)).unwrap(), "value");
    assert_eq!(peek(1), Peek::Found("value".into()));
}
