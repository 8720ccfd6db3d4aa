//! RocksDB under Cartwheel's replicas: the store that survives.
//!
//! ```text
//!   shards ── submit ─► queue ─► commit thread: one write for all that is queued,
//!                                one sync if anyone waits for it ──► completions
//!          ── load ───► queue ─► two readers ──► completions
//!          ── peek ───► block cache and memtables, on the shard's own thread
//! ```
//!
//! It promises what `cartwheel::store` asks for, and nothing about what the records mean.
//! The first failed write or sync ends it: it has to be opened again.

#![warn(missing_docs)]

mod commit;
mod creation;
mod directory;
mod engine;
mod file_system;
mod health;
mod journal;
mod open_error;
mod planted_bug;
mod readers;
mod rocks_store;
mod synced_mark;
mod tuning;

pub use file_system::file_system_of;
pub use open_error::OpenError;
pub use rocks_store::{OpenOptions, RocksStore};
pub use tuning::{BLOCK_CACHE_BYTES_DEFAULT, MEMTABLE_BYTES_DEFAULT};
