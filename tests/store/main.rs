//! The contract of a store, held by `MemoryStore`; `storage/tests` runs it on RocksDB.
#![allow(
    clippy::unwrap_used,
    reason = "a suite: what it does outside of test functions may panic too"
)]

mod contract;
mod memory_store;
