//! Whole clusters of the real actors and the real client under simulated network, time and disks,
//! each run from one seed.
//!
//! ```text
//!   faults ─► saboteur ─► turmoil: nodes ◄── hosts of clients ──► history ──► checker
//!                │              │   ▲ crash and bounce       └──► trace: byte for byte
//!                │              ▼   │
//!                └───────────► disks, which outlive their nodes
//! ```

mod auditor;
mod checker;
mod clock;
mod damage;
mod dice;
mod disk;
mod faults;
mod history;
mod invariants;
mod network;
mod node;
mod panics;
mod placement;
mod run;
mod saboteur;
mod same_seed;
mod scenario;
mod seeds;
mod slow_store;
mod trace;
mod worker;
