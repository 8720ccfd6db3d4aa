//! A process that is killed while it writes, by the signal that nothing can catch.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

use bytes::Bytes;
use cartwheel::node::ShardId;
use cartwheel::store::{
    Batch, Committer, Completion, CompletionSink, Durability, Family, ReplicaStore, Submission,
    Ticket,
};
use cartwheel_storage::RocksStore;
use tempfile::TempDir;

use crate::child;
use crate::contract::key;
use crate::rocks::options;

/// Large enough that memtables are flushed between the earliest and the latest kill.
const VALUE_LEN: usize = 16 * 1024;

/// The batches that the child has under way at a time.
const UNDER_WAY: usize = 64;

#[test]
fn every_acknowledged_batch_outlives_a_killed_process() {
    for kill_after in [1, 70, 700, 3000] {
        let directory = TempDir::new().unwrap();
        let acknowledged = killed_after(kill_after, directory.path());
        let store = RocksStore::open(options(directory.path())).unwrap();
        let found = |family| store.scan(family, b"", b"\xff", usize::MAX).unwrap();
        let objects = found(Family::Objects);
        let count = u64::try_from(objects.len()).unwrap();
        assert!(count >= acknowledged, "{count} of {acknowledged} are left");
        for (number, (found, value)) in (1..).zip(&objects) {
            assert_eq!(found, &key(number), "a batch before it is missing");
            assert_eq!(value, &value_of(number));
        }
        assert!(objects == found(Family::Trees), "half a batch");
    }
}

/// Kills the child once it has acknowledged so many, and gives the last that it did.
fn killed_after(count: u64, directory: &Path) -> u64 {
    let mut command = child::command(&[], "kill::child_that_writes_until_it_is_killed", directory);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut numbers = || lines.by_ref().map_while(Result::ok).find_map(number);
    let mut last = 0;
    while last < count {
        last = numbers().expect("the child ended by itself");
    }
    kill(&mut child);
    while let Some(number) = numbers() {
        last = number;
    }
    last
}

/// The child's own harness prints lines too, so ours begin with a word of their own.
fn number(line: String) -> Option<u64> {
    line.strip_prefix("acknowledged ")?.parse().ok()
}

fn kill(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Prints what is acknowledged, in whole lines, and goes on writing.
struct Acknowledge {
    credits: SyncSender<()>,
}

impl CompletionSink for Acknowledge {
    fn complete(&self, completions: Vec<Completion>) {
        let mut lines = String::new();
        for completion in completions {
            let Completion::Committed { ticket } = completion else {
                panic!("{completion:?}");
            };
            lines.push_str(&format!("acknowledged {}\n", ticket.0));
            let _ = self.credits.send(());
        }
        std::io::stdout().write_all(lines.as_bytes()).unwrap();
    }
}

#[test]
fn child_that_writes_until_it_is_killed() {
    let Some(directory) = child::directory() else {
        return;
    };
    let store = RocksStore::open(options(&directory)).unwrap();
    let (credits, spent) = sync_channel(UNDER_WAY);
    for _ in 0..UNDER_WAY {
        credits.send(()).unwrap();
    }
    store.attach(ShardId(0), Arc::new(Acknowledge { credits }));
    for number in 1.. {
        spent.recv().unwrap();
        store.submit(submission(number));
    }
}

fn submission(number: u64) -> Submission {
    let mut batch = Batch::new();
    for family in [Family::Objects, Family::Trees] {
        batch.put(family, key(number), value_of(number));
    }
    let durability = match number % 3 {
        0 => Durability::Buffered,
        1 => Durability::Marked,
        _ => Durability::Synced,
    };
    Submission {
        shard: ShardId(0),
        ticket: Ticket(number),
        batch,
        durability,
    }
}

fn value_of(number: u64) -> Bytes {
    let mut value = vec![0; VALUE_LEN];
    value[..8].copy_from_slice(&number.to_be_bytes());
    Bytes::from(value)
}
