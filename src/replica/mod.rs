//! One shard's replica of the slices it holds: reads, merges, and the minting of dots.
//!
//! ```text
//!   Command ──► [ loading? queue behind it ] ──► record from overlay, cache or store
//!                                                   │ read: answer, once it is synced
//!                                                   │ write: mint, merge, queue
//!                                                   ▼
//!                              batch ──► Submit ──► Completion ──► answers
//! ```
//!
//! A record that is queued but not yet written lives in the *overlay*, and everything that
//! comes later sees it there (rule 2 of a put). A shard that may have forgotten a record
//! with one of its dots draws a fresh origin before its next dot (rule 1).

mod cache;
mod command;
mod excerpt;
mod finished;
mod machine;
mod mint;
mod overlay;
mod record_work;
mod write;

pub use command::{Action, ClientWrite, Command, Effect, Prepared, ReplicaReply};
pub(crate) use excerpt::{Excerpt, siblings_of};
pub use machine::{Replica, ReplicaCounters};
