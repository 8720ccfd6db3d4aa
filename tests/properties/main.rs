//! The laws of the core, checked against dumb twins: models too simple to be wrong.

mod cluster;
mod contexts;
mod coordination;
mod coordinators;
mod corrupt_owners;
mod corrupt_records;
mod cursors;
mod damage;
mod dots;
mod encodings;
#[path = "../golden/examples/mod.rs"]
mod examples;
mod executions;
mod forwarding;
mod frames;
mod histories;
mod last_writers;
mod late_owners;
mod lone_replica;
mod memory;
mod merging;
mod messages;
mod observed_records;
mod owners_down;
mod quorums;
mod read_bytes;
mod record_sizes;
mod records;
mod rings;
mod siblings;
mod twins;
mod world;
mod wrong_clocks;
