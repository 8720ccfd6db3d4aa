//! The order of write, sync and acknowledgement, as the kernel sees it.

use std::fs::File;
use std::io::Write;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex};

use cartwheel::node::ShardId;
use cartwheel::store::{
    Batch, Committer, Completion, CompletionSink, Durability, Family, Submission, Ticket,
};
use cartwheel_storage::RocksStore;
use tempfile::TempDir;

use crate::contract::key;
use crate::rocks::options;
use crate::strace::Call;
use crate::{child, strace};

const CHILD: &str = "sync_order::child_that_acknowledges_into_a_file";
const BATCHES: usize = 5;
const CALLS: &str = "trace=write,writev,pwrite64,pwritev,pwritev2,fdatasync,fsync";

#[derive(Debug, PartialEq, Eq)]
enum Violation {
    AcknowledgedBeforeWritten { batch: usize },
    AcknowledgedBeforeSynced { batch: usize },
}

#[test]
fn a_synced_batch_is_acknowledged_after_the_log_is_synced() {
    if !strace::is_here() {
        let test = "a_synced_batch_is_acknowledged_after_the_log_is_synced";
        return child::skip(test, "there is no strace that may trace");
    }
    assert_eq!(check(&traced()), Ok(BATCHES));
}

fn traced() -> Vec<Call> {
    let directory = TempDir::new().unwrap();
    strace::calls(&["-e", CALLS], CHILD, directory.path())
}

/// Behind the first line, which says that the store is open, each acknowledgement follows a
/// sync of the log, which follows a write to it. Says how many there were.
fn check(calls: &[Call]) -> Result<usize, Violation> {
    let (mut written, mut unsynced, mut batch) = (false, false, 0);
    let is_line = |call: &Call| call.file.ends_with("/acknowledgements");
    let opening = calls.iter().take_while(|call| !is_line(call)).count();
    for call in calls.iter().skip(opening + 1) {
        let is_write = call.name.contains("write");
        if is_line(call) {
            batch += 1;
            if !written {
                return Err(Violation::AcknowledgedBeforeWritten { batch });
            }
            if unsynced {
                return Err(Violation::AcknowledgedBeforeSynced { batch });
            }
            written = false;
        } else if call.file.ends_with(".log") && is_write {
            (written, unsynced) = (true, true);
        } else if call.file.ends_with(".log") && call.answer == "0" {
            unsynced = false;
        }
    }
    Ok(batch)
}

#[test]
fn the_check_tells_the_violations_apart() {
    let call = |name: &str, file: &str, answer: &str| Call {
        name: name.to_owned(),
        file: format!("/store/{file}"),
        answer: answer.to_owned(),
    };
    let written = || call("write", "000004.log", "9");
    let synced = |answer| call("fdatasync", "000004.log", answer);
    let acknowledged = || call("write", "acknowledgements", "1");
    let opened = acknowledged;
    let elsewhere = || call("fdatasync", "MANIFEST-000005", "0");
    let check = |calls| check(&[vec![written(), synced("0"), opened()], calls].concat());
    let batch = 1;
    assert_eq!(check(vec![written(), synced("0"), acknowledged()]), Ok(1));
    let too_early = Err(Violation::AcknowledgedBeforeSynced { batch });
    assert_eq!(
        check(vec![written(), elsewhere(), acknowledged()]),
        too_early
    );
    let failed = synced("-1 EIO (Input/output error)");
    assert_eq!(check(vec![written(), failed, acknowledged()]), too_early);
    let too_early = Err(Violation::AcknowledgedBeforeWritten { batch });
    assert_eq!(
        check(vec![acknowledged(), written(), synced("0")]),
        too_early
    );
}

#[cfg(feature = "planted-bugs")]
mod planted {
    use super::*;
    use tempfile::TempDir;

    fn traced_with(bug: &str) -> Vec<Call> {
        let directory = TempDir::new().unwrap();
        let variable = format!("CARTWHEEL_PLANTED_BUG={bug}");
        strace::calls(&["-e", CALLS, "-E", &variable], CHILD, directory.path())
    }

    #[test]
    fn a_skipped_sync_is_noticed() {
        let noticed = check(&traced_with("skip-the-sync"));
        let batch = 1;
        assert_eq!(noticed, Err(Violation::AcknowledgedBeforeSynced { batch }));
    }

    #[test]
    fn an_acknowledgement_before_the_write_is_noticed() {
        let noticed = check(&traced_with("acknowledge-before-write"));
        let batch = 1;
        assert_eq!(noticed, Err(Violation::AcknowledgedBeforeWritten { batch }));
    }
}

struct IntoFile {
    file: Mutex<File>,
    told: SyncSender<()>,
}

impl CompletionSink for IntoFile {
    fn complete(&self, completions: Vec<Completion>) {
        for completion in completions {
            assert!(matches!(completion, Completion::Committed { .. }));
            self.file.lock().unwrap().write_all(b"1").unwrap();
            self.told.send(()).unwrap();
        }
    }
}

#[test]
fn child_that_acknowledges_into_a_file() {
    let Some(directory) = child::directory() else {
        return;
    };
    let store = RocksStore::open(options(&directory.join("store"))).unwrap();
    let mut file = File::create(directory.join("acknowledgements")).unwrap();
    file.write_all(b"open").unwrap();
    let (told, hear) = sync_channel(1);
    let file = Mutex::new(file);
    store.attach(ShardId(0), Arc::new(IntoFile { file, told }));
    for number in 0..u64::try_from(BATCHES).unwrap() {
        let mut batch = Batch::new();
        batch.put(Family::Objects, key(number), key(number));
        store.submit(Submission {
            shard: ShardId(0),
            ticket: Ticket(number),
            batch,
            durability: Durability::Synced,
        });
        hear.recv().unwrap();
    }
}
