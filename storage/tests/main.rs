//! RocksStore on real disks: the contract of every store, and what only a disk can do to it.
#![allow(
    clippy::unwrap_used,
    reason = "a suite: what it does outside of test functions may panic too"
)]


#[path = "../../tests/store/contract/mod.rs"]
mod contract;





