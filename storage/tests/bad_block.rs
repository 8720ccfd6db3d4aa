//! A block that the disk has spoiled.

use std::fs;
use std::path::{Path, PathBuf};

use cartwheel::store::{Completion, Durability, Range, RangeRead, StoreError, StoreOperation};
use tempfile::TempDir;

use crate::contract::{Shard, Subject, key, range};
use crate::rocks::Rocks;

/// Enough for many blocks, none of which can be compressed away.
const RECORDS: u64 = 500;

#[test]
fn a_range_with_a_bad_block_is_a_typed_error_and_the_rest_is_read() {
    let directory = TempDir::new().unwrap();
    write(directory.path());
    // Opening writes the log's records into a file.
    drop(Rocks::at(directory.path()));
    spoil(&largest(directory.path()));
    let subject = Rocks::at(directory.path());
    let shard = Shard::attach(&subject, 0, 1);
    let bad = load(&shard, range("", "z"));
    assert_eq!(bad.unwrap_err().operation, StoreOperation::Read);
    let good = Range {
        from: key(RECORDS - 5),
        ..range("", "z")
    };
    let good = load(&shard, good).unwrap();
    assert_eq!((good.entries.len(), good.whole), (5, true));
}

fn write(path: &Path) {
    let subject = Rocks::at(path);
    let shard = Shard::attach(&subject, 0, 1);
    for number in 0..RECORDS {
        let value: Vec<u8> = (0..500_u64)
            .map(|at| (((at + number) * 167) >> 3) as u8)
            .collect();
        shard.put(&key(number), &value, Durability::Synced);
    }
    shard.wait_for(usize::try_from(RECORDS).unwrap());
}

fn load<S: Subject>(shard: &Shard<S>, range: Range) -> Result<RangeRead, StoreError> {
    let ticket = shard.start_load_range(range);
    match shard.wait_for_ticket(ticket) {
        Completion::RangeLoaded { read, .. } => read,
        other => panic!("{other:?}"),
    }
}

/// The file of the objects; the others hold next to nothing.
fn largest(path: &Path) -> PathBuf {
    let files = fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let tables = files.filter(|file| file.extension().is_some_and(|end| end == "sst"));
    let len = |file: &PathBuf| file.metadata().unwrap().len();
    tables.max_by_key(len).unwrap()
}

/// Spoils the first block.
fn spoil(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    bytes[50] ^= 0xff;
    fs::write(file, bytes).unwrap();
}
