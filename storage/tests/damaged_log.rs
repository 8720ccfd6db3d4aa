//! A log that a disk has damaged, and one that merely ends early.

use std::fs;
use std::path::{Path, PathBuf};

use cartwheel::store::{Durability, Family, ReplicaStore};
use cartwheel_storage::{OpenError, RocksStore};
use tempfile::TempDir;

use crate::contract::{Shard, key};
use crate::rocks::{Rocks, copy_files, options};

/// How many writes there are.
const WRITES: u64 = 100;

/// RocksDB alone opens it, and the writes behind the damage were never there.
#[test]
fn a_log_that_is_damaged_before_synced_writes_is_refused_until_the_loss_is_accepted() {
    let directory = written(Durability::Synced);
    let log = log(directory.path());
    let mut bytes = fs::read(&log).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    fs::write(&log, bytes).unwrap();

    // Twice, since the first opening has moved what was left of the log.
    for _ in 0..2 {
        let refused = RocksStore::open(options(directory.path())).err().unwrap();
        let OpenError::LostSynced { synced, found, .. } = refused else {
            panic!("{refused}");
        };
        assert!(0 < found && found < synced, "{found} of {synced}");
    }
    let mut accepting = options(directory.path());
    accepting.accept_lost_writes = true;
    drop(RocksStore::open(accepting).unwrap());
    let store = RocksStore::open(options(directory.path())).unwrap();
    assert!((1..WRITES).contains(&left(&store)));
}

/// A crash of the machine leaves that, and nothing was promised of what it takes.
#[test]
fn a_log_that_has_lost_only_what_was_never_synced_is_opened() {
    let directory = written(Durability::Buffered);
    let log = log(directory.path());
    let bytes = fs::read(&log).unwrap();
    fs::write(&log, &bytes[..bytes.len() / 2]).unwrap();
    let store = RocksStore::open(options(directory.path())).unwrap();
    assert!((1..WRITES).contains(&left(&store)));
}

/// What a process that was killed behind some writes has left, in a directory of its own.
fn written(durability: Durability) -> TempDir {
    let (own, copy) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let rocks = Rocks::at(own.path());
    let shard = Shard::attach(&rocks, 0, 0);
    for number in 1..=WRITES {
        let ticket = shard.put(&key(number), &[7; 1000], durability);
        shard.wait_for_ticket(ticket);
    }
    copy_files(own.path(), copy.path());
    copy
}

/// The only log that has anything in it.
fn log(directory: &Path) -> PathBuf {
    let files = fs::read_dir(directory).unwrap().map(|file| file.unwrap());
    let logs = files.filter(|file| file.path().extension().is_some_and(|end| end == "log"));
    let mut full = logs.filter(|file| file.metadata().unwrap().len() > 0);
    let log = full.next().unwrap().path();
    assert!(full.next().is_none(), "there is one log");
    log
}

/// How many writes are left, from the first one on.
fn left(store: &RocksStore) -> u64 {
    let found = store.scan(Family::Objects, b"", b"\xff", usize::MAX);
    let found = found.unwrap();
    for (number, (found, _)) in (1..).zip(&found) {
        assert_eq!(found, &key(number), "one before it is missing");
    }
    found.len() as u64
}
