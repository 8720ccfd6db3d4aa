//! RocksStore on real disks: the contract of every store, and what only a disk can do to it.
#![allow(
    clippy::unwrap_used,
    reason = "a suite: what it does outside of test functions may panic too"
)]

mod bad_block;
mod child;
mod closing;
#[path = "../../tests/store/contract/mod.rs"]
mod contract;
mod damaged_log;
mod every_key;
mod failed_sync;
mod full_disk;
mod kill;
mod opening;
mod rocks;
mod strace;
mod sync_order;
