//! The laws of the core, checked against dumb twins: models too simple to be wrong.

mod contexts;
mod dots;
mod encodings;
mod executions;
mod frames;
mod histories;
mod last_writers;
mod memory;
mod merging;
mod quorums;
mod records;
mod siblings;
mod twins;
mod world;
