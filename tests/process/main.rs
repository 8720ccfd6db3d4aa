//! The program as its users have it: processes, real sockets, real disks, kill -9.
//!
//! Few and slow. Every wait has an end, every process is one that the test started, and it ends
//! with the test.

#![allow(clippy::unwrap_used)]

mod bad_input;
mod bench;
mod blocked_extension;
mod cluster;
mod command;
mod completions;
mod dev;
mod dev_refused;
mod exit_codes;
mod full_disk;
mod killed;
mod ports;
mod quick_start;
mod resumed_import;
mod transfer;
mod transfer_edges;
mod transfer_failures;
mod writer;
