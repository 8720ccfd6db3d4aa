//! How RocksDB is set up: for point reads and writes of small records on a few cores.

use cartwheel::store::Family;
use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamilyDescriptor, DBCompressionType, DBRecoveryMode,
    DataBlockIndexType, Options, ReadOptions, ReadTier, WriteOptions,
};

/// The block cache where nothing else is said: the memory of a small node's hot records.
pub const BLOCK_CACHE_BYTES_DEFAULT: usize = 256 * 1024 * 1024;

/// The memtable of the objects where nothing else is said. A small one stays in the processor's
/// cache: an insert into one of 8 MiB costs 1.7 µs, into one of 64 MiB 2.8.
pub const MEMTABLE_BYTES_DEFAULT: usize = 16 * 1024 * 1024;

/// How much memory a store takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    pub(crate) block_cache_bytes: usize,
    pub(crate) memtable_bytes: usize,
}

const MIB: usize = 1024 * 1024;

/// One absent key in a hundred costs a needless look at a block.
const BLOOM_BITS_PER_KEY: f64 = 10.0;

/// The share of a memtable that tells which keys it does not hold. Most keys that are read
/// before a write are in none: without it each costs a walk down three skip lists.
const MEMTABLE_FILTER_SHARE: f64 = 0.02;

/// Slots of a block's hash table per key, above one over this number: a found block gives its
/// key at once, without a search.
const BLOCK_HASH_RATIO: f64 = 0.75;

/// The other families hold little beside the objects.
fn memtable_bytes(family: Family, objects: usize) -> usize {
    match family {
        Family::Objects => objects,
        Family::Trees | Family::Hints | Family::Extension(_) => 8 * MIB,
        Family::Meta => MIB,
    }
}

/// One that is filled while two are flushed: writes don't stall for one slow flush.
const MEMTABLES_MAX: i32 = 3;

/// What an opening has to replay at most, a second or so, and what keeps a family that is
/// hardly ever written from holding back the log of the others.
const WAL_BYTES_MAX: u64 = 64 * MIB as u64;

/// One flush and one compaction: on two cores more would take the shards' own.
const BACKGROUND_JOBS: i32 = 2;

/// Written files go to the disk bit by bit, so that a sync of the log does not queue behind
/// a whole one.
const BYTES_PER_SYNC: u64 = MIB as u64;

/// RocksDB's own log is for its authors: a few megabytes suffice.
const INFO_LOG_BYTES_MAX: usize = 4 * MIB;
const INFO_LOGS_KEPT: usize = 4;

/// The options of the whole database.
pub(crate) fn database() -> Options {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    // What is left of the log after a crash is a beginning of it: never a hole.
    options.set_wal_recovery_mode(DBRecoveryMode::PointInTime);
    options.set_max_total_wal_size(WAL_BYTES_MAX);
    options.set_max_background_jobs(BACKGROUND_JOBS);
    options.set_bytes_per_sync(BYTES_PER_SYNC);
    options.set_max_log_file_size(INFO_LOG_BYTES_MAX);
    options.set_keep_log_file_num(INFO_LOGS_KEPT);
    // The commit thread is the only one that writes.
    options.set_allow_concurrent_memtable_write(false);
    options
}

/// The families with their options; they share one block cache.
pub(crate) fn families(families: &[Family], memory: Memory) -> Vec<ColumnFamilyDescriptor> {
    let cache = Cache::new_hyper_clock_cache(memory.block_cache_bytes, 0);
    let descriptor = |family: &Family| {
        let memtable_bytes = memtable_bytes(*family, memory.memtable_bytes);
        let options = family_options(memtable_bytes, &cache);
        ColumnFamilyDescriptor::new(family.name(), options)
    };
    families.iter().map(descriptor).collect()
}

fn family_options(memtable_bytes: usize, cache: &Cache) -> Options {
    let mut table = BlockBasedOptions::default();
    table.set_block_cache(cache);
    table.set_bloom_filter(BLOOM_BITS_PER_KEY, false);
    table.set_data_block_index_type(DataBlockIndexType::BinaryAndHash);
    table.set_data_block_hash_ratio(BLOCK_HASH_RATIO);
    let mut options = Options::default();
    options.set_block_based_table_factory(&table);
    options.set_write_buffer_size(memtable_bytes);
    options.set_memtable_prefix_bloom_ratio(MEMTABLE_FILTER_SHARE);
    options.set_memtable_whole_key_filtering(true);
    options.set_max_write_buffer_number(MEMTABLES_MAX);
    options.set_compression_type(DBCompressionType::Lz4);
    options
}

/// Hands a write to the kernel and does not wait for the disk.
pub(crate) fn unsynced() -> WriteOptions {
    let mut options = WriteOptions::default();
    options.set_sync(false);
    options
}

/// Reads what memory has: filters and indexes are always there, blocks if they are cached.
pub(crate) fn from_memory() -> ReadOptions {
    let mut options = ReadOptions::default();
    options.set_read_tier(ReadTier::BlockCache);
    options
}

/// Reads a range once: it must not push hot blocks out of the cache.
pub(crate) fn range(until: &[u8]) -> ReadOptions {
    let mut options = ReadOptions::default();
    options.set_iterate_upper_bound(until);
    options.fill_cache(false);
    options
}
