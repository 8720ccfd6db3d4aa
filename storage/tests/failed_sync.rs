//! A disk that no longer syncs: the contract of failures, with `fdatasync` answering EIO.

use cartwheel::store::ReplicaStore;
use cartwheel_storage::RocksStore;
use tempfile::TempDir;

use crate::contract::{Subject, a_failed_write_fails_everything_later};
use crate::rocks::{Rocks, options};
use crate::{child, strace};

const CHILD: &str = "failed_sync::child_whose_disk_no_longer_syncs";

/// `strace` counts by thread: the identity is synced by the thread that opens, the batch before
/// the failure by the commit thread, and the second sync of either fails.
const FAILING: &str = "inject=fdatasync:error=EIO:when=2+";

#[test]
fn a_failed_sync_fails_everything_later_and_is_never_tried_again() {
    if !strace::is_here() {
        let test = "a_failed_sync_fails_everything_later_and_is_never_tried_again";
        return child::skip(test, "there is no strace that may trace");
    }
    let directory = TempDir::new().unwrap();
    let log = directory.path().join("store").join(name_of_the_first_log());
    let options = [
        "-P",
        log.to_str().unwrap(),
        "-e",
        "trace=fdatasync",
        "-e",
        FAILING,
    ];
    let syncs = strace::calls(&options, CHILD, directory.path());
    let answers: Vec<_> = syncs.iter().map(|call| call.answer == "0").collect();
    assert_eq!(answers, [true, true, false]);
}

/// RocksDB numbers its files; two new stores begin with the same numbers.
fn name_of_the_first_log() -> String {
    let directory = TempDir::new().unwrap();
    let _store = RocksStore::open(options(directory.path())).unwrap();
    let names = std::fs::read_dir(directory.path()).unwrap();
    let mut names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.find(|name| name.ends_with(".log")).unwrap()
}

/// Fails by what its parent does to it.
struct Traced(Rocks);

impl Subject for Traced {
    fn new() -> Self {
        let path = child::directory().unwrap().join("store");
        Self(Rocks::at(&path))
    }

    fn store(&self) -> &dyn ReplicaStore {
        self.0.store()
    }

    fn killed(self) -> Self {
        Self(self.0.killed())
    }

    fn break_writes(&self) {}
}

#[test]
fn child_whose_disk_no_longer_syncs() {
    if child::directory().is_some() {
        a_failed_write_fails_everything_later(Traced::new());
    }
}
