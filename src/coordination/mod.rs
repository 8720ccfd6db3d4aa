//! Coordination: one get, put or delete of a client as a state machine over its owners.
//!
//! ```text
//!   write   own replica mints and queues ─► record to the other owners ─► W places ─► answer
//!   read    own replica ─► digest to the others ─► R places agree ─────────────────► answer
//!                                              └─► they differ: merge, write back to W ─┘
//!   forward no owner here: the first owner that takes it coordinates
//!   mend    behind a read or write that met a corrupt record: all others ─► their merge
//! ```
//!
//! Operations live in a slab and are named by an id that never comes back; an answer counts
//! only from a node that was asked and has not answered yet. An operation stays behind its
//! answer until nothing is outstanding: stragglers of a read are repaired, and credits are
//! given back exactly once.

mod effect;
mod explaining;
mod forward;
mod latency;
mod machine;
mod mend;
mod operation;
mod peers;
mod plan;
mod read;
mod reading;
mod request;
mod slab;
mod write;

pub use effect::{Effect, LocalCommand, LocalWork};
pub use machine::{Coordinator, CoordinatorCounters, CoordinatorOptions};
pub use peers::PeerCredits;
pub use request::{ClientCall, ClientRequest, Demand};
