//! Several nodes on this machine, as processes of this same program.
//!
//! ```text
//!   DATA/cluster.toml       id and secret, made once, and how many nodes there are
//!   DATA/node-1/config.toml made anew at every start, since the ports may differ
//!   DATA/node-1/data/       the store
//!   DATA/node-1/log         what the process says
//! ```
//!
//! Each process stops when its standard input ends: so that none outlives the one that started
//! it, however that one ended.

mod files;
mod identity;
mod plan;
mod process;

pub use identity::ClusterFileError;
pub use plan::{NODES_MAX, Plan, PlannedNode};
pub use process::{NodeProcess, ProcessError};
