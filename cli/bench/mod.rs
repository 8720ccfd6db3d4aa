//! A benchmark of a running cluster.
//!
//! ```text
//!   load ─► keys with their contexts
//!   schedule (closed loop, or a rate) ─► workers = connections × depth ─► recorder ─► report
//! ```
//!
//! One thread: what the client takes of the machine is taken from the nodes beside it, and it
//! is measured and reported.

mod cluster_time;
mod draw;
mod keys;
mod load;
mod recorder;
mod report;
mod schedule;
mod worker;
mod workload;

pub use worker::{OWN_BUCKET, run};
pub use workload::{Values, Workload, WorkloadKind};
