//! A disk that is full: the contract of failures, on a file system of 64 MiB.
//!
//! The child mounts it in a mount namespace of its own, so that nothing of it is left behind;
//! without root it needs a kernel that gives namespaces to users, or the test is skipped.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cartwheel::store::ReplicaStore;
use cartwheel_storage::{RocksStore, file_system_of};
use tempfile::TempDir;

use crate::child;
use crate::contract::{Subject, a_failed_write_fails_everything_later};
use crate::rocks::options;

const CHILD: &str = "full_disk::child_on_a_disk_that_fills_up";

/// Mounts the small disk on its first argument, then runs the others.
const ON_A_SMALL_DISK: &str = r#"mount -t tmpfs -o size=64m cartwheel "$0" && exec "$@""#;

#[test]
fn a_full_disk_fails_everything_later_and_nothing_earlier() {
    let directory = TempDir::new().unwrap();
    let fence = fence(directory.path());
    let fence: Vec<_> = fence.iter().map(String::as_str).collect();
    let mut probe = Command::new(fence[0]);
    let probe = probe.args(&fence[1..]).arg("true").stderr(Stdio::null());
    if !probe.status().is_ok_and(|status| status.success()) {
        let test = "a_full_disk_fails_everything_later_and_nothing_earlier";
        return child::skip(test, "no mount namespace for a small disk");
    }
    let ran = child::command(&fence, CHILD, directory.path())
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{printed}");
    assert!(printed.contains("1 passed"), "{printed}");
}

fn fence(directory: &Path) -> Vec<String> {
    let directory = directory.to_str().unwrap();
    let words = [
        "unshare",
        "--mount",
        "--map-root-user",
        "sh",
        "-c",
        ON_A_SMALL_DISK,
        directory,
    ];
    words.map(str::to_owned).into()
}

struct SmallDisk {
    store: RocksStore,
    mount: PathBuf,
}

impl SmallDisk {
    fn filler(&self) -> PathBuf {
        self.mount.join("filler")
    }
}

impl Subject for SmallDisk {
    fn new() -> Self {
        let mount = child::directory().unwrap();
        assert_eq!(file_system_of(&mount), "tmpfs");
        let store = RocksStore::open(options(&mount.join("store"))).unwrap();
        Self { store, mount }
    }

    fn store(&self) -> &dyn ReplicaStore {
        &self.store
    }

    /// In its place, on the disk that was full.
    fn killed(self) -> Self {
        drop(self.store);
        Self::new()
    }

    fn break_writes(&self) {
        let mut filler = File::create(self.filler()).unwrap();
        while filler.write_all(&[0; 4096]).is_ok() {}
    }

    fn mend(&self) {
        fs::remove_file(self.filler()).unwrap();
    }
}

#[test]
fn child_on_a_disk_that_fills_up() {
    if child::directory().is_some() {
        a_failed_write_fails_everything_later(SmallDisk::new());
    }
}
