//! Several nodes on this machine, as processes of this same program.
//!
//! ```text
//!   DATA/dev.lock           locked while the cluster runs, by the process whose id it holds
//!   DATA/cluster.toml       id and secret, made once, and how many nodes there are
//!   DATA/node-1/config.toml made anew at every start, since the ports may differ
//!   DATA/node-1/data/       the store
//!   DATA/node-1/log         what the process says
//! ```
//!
//! Each process stops when its standard input ends: so that none outlives the one that started
//! it, however that one ended.

mod data_lock;
mod identity;
mod plan;
mod ports;
mod process;

pub use data_lock::DataLock;
pub use identity::{ClusterFileError, Identity};
pub use plan::{NODES_MAX, OWN_SETTINGS, Plan, PlannedNode};
pub use ports::{PortError, probe};
pub use process::{NodeProcess, ProcessError, is_own};
