//! The shell of Cartwheel: it does what the core decides.
//!
//! ```text
//!   node
//!   ├── ring             layout and buckets; starts again from the store
//!   ├── list             reads ranges; whoever waits is told, and may ask again
//!   ├── learner          asks peers for buckets; the next hint asks again
//!   ├── clock watch      what the peers' clocks show; asks them again
//!   ├── extension × m    what its crate says, on a thread of its own; behind the shards
//!   └── shard × k
//!       ├── replica      records on their way to the store; loses what is unacknowledged
//!       ├── coordinator  operations under way; their clients are told, and may retry
//!       └── link × peer  a connection; what was under way on it counts as failed
//! ```
//!
//! Every actor is supervised: a panic loses the message in hand, and the actor starts again; an
//! extension's rests before that, and ends alone when it has failed too often.
//! Connections are tasks: one that panics is closed.

#![warn(missing_docs)]

mod administration;
pub mod bridge;
mod client;
mod clock_watch;
mod completions;
mod coordinator;
mod departures;
pub mod extension;
mod first_ring;
mod frame_reader;
mod learning;
mod listing;
mod mailbox;
pub mod node;
mod outbox;
mod planned_panic;
mod replica;
mod replica_answers;
mod ring;
mod served;
mod session;
pub mod shell;
mod start_error;
mod start_numbers;
pub mod supervision;
pub mod trip_wire;
mod unread;

pub use administration::HostFacts;
