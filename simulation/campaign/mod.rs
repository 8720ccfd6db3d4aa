//! Our own campaigns: many seeds of each kind of run.

mod kind;

pub use kind::{BAD_DISKS, FIVE_BAD_DISKS, FIVE_NODES, Kind, THREE_NODES};
