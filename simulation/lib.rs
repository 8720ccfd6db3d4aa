//! Whole clusters of the real actors and the real client under simulated network, time and disks,
//! each run from one seed.
//!
//! ```text
//!   faults ─► saboteur ─► turmoil: nodes ◄── hosts of clients ──► history ──► checker
//!                │              │   ▲ crash and bounce       └──► trace: byte for byte
//!                │              ▼   │
//!                └───────────► disks, which outlive their nodes
//! ```
//!
//! | folder | holds |
//! |---|---|
//! | `cluster/` | nodes, their clocks, and where keys are kept |
//! | `disk/` | what a node has written, and what a crash leaves of it |
//! | `faults/` | what goes wrong, when, and how much of it the owners of a key can bear |
//! | `clients/` | who reads and writes |
//! | `history/` | what the clients know |
//! | `checker/` | what no history may show |

#![warn(missing_docs)]

pub mod checker;
mod clients;
mod cluster;
mod dice;
mod disk;
mod faults;
pub mod history;
mod network;
mod panics;
mod run;
mod scenario;
mod trace;

pub use clients::keys;
pub use run::{Run, run};
pub use scenario::{BAD_DISKS, FIVE_BAD_DISKS, FIVE_NODES, Scenario, THREE_NODES};
