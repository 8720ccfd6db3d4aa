//! Real actors, real codec and real clients in one process, over loopback, on stores in memory.

#![allow(clippy::unwrap_used)] // A test that can't go on says so by panicking.

mod bad_input;
mod blocked_extension;
mod bound_ports;
mod cluster;
mod crowded_extension;
mod extensions;
mod failing_extension;
mod harm;
mod large_records;
mod missed_activation;
mod observing;
mod raw;
mod second_opening;
mod supervision;
mod three_nodes;
mod wrong_clocks;
