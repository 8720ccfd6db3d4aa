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
//! Nodes lose power, and clients die in the middle of what they ask, and begin anew: see [`Fault`].
//!
//! | where | what |
//! |---|---|
//! | [`Simulation`] | what is to be run: begin here |
//! | [`Report`] | what it has shown |
//! | `clients/` | [`Cluster`], as a client sees it; the client that records; our own workers |
//! | `faults/` | [`Fault`] and [`Mix`]: what goes wrong, when, and how much the owners of a key can bear |
//! | [`history`] | what the clients know |
//! | [`checker`] | what no history may show |
//! | `cluster/`, `disk/`, `network/` | the nodes, and what is simulated around them |
//! | [`campaign`] | many seeds of our own kinds of runs |

#![warn(missing_docs)]

mod artifacts;
pub mod campaign;
pub mod checker;
mod clients;
mod cluster;
mod dice;
mod disk;
mod faults;
pub mod history;
mod network;
mod panics;
mod progress;
mod report;
mod run;
mod simulation;
mod trace;

pub use clients::{
    ClientResult, Cluster, Notebook, RecordedBucket, RecordedClient, RecordedDelete,
    RecordedDeleteBatch, RecordedGet, RecordedGetBatch, RecordedList, RecordedPut,
    RecordedPutBatch, Temper, work,
};
pub use dice::Dice;
pub use faults::{Fault, FaultKind, KeyChoice, MachineFault, Mix, Pair, Planned, links};
pub use report::Report;
pub use simulation::{Simulation, millis, secs};
