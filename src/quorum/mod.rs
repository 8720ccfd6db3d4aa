//! Quorums: how many answers a request needs, and whether it has them.

mod spec;
mod tracker;

pub use spec::{Quorum, majority};
pub use tracker::{Owners, Progress, Tally, Tracker};
