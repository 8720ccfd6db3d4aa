//! Whole clusters of the real actors and the real client under simulated network, time and disks,
//! each run from one seed.
//!
//! ```text
//!   faults ──► turmoil: three nodes ◄── two hosts of clients ──► history ──► checker
//!                       │   ▲ crash and bounce                └─► trace: byte for byte
//!                       ▼   │
//!                      disks, which outlive their nodes
//! ```

mod acknowledged_writes;
mod checker;
mod clock;
mod dice;
mod disk;
mod faults;
mod history;
mod network;
mod node;
mod run;
mod same_seed;
mod trace;
mod worker;
