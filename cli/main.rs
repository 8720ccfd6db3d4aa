//! The binary `cartwheel`: a node, and everything one does to a cluster from a terminal.
//!
//! ```text
//!   arguments ─► commands/<one a file> ─► client library, files, processes
//!                        │
//!                        └─► output (table or JSON) · failure (a sentence and an exit code)
//! ```

mod advice;
mod arguments;
mod bench;
mod commands;
mod configuration;
mod connection;
mod endpoint;
mod failure;
mod files;
mod local_cluster;
mod node;
mod output;
mod policy;
mod process_time;
mod request_options;
mod standard_input;
mod tokens;
mod transfer;

use std::process::ExitCode;

use clap::Parser;
use tikv_jemallocator::Jemalloc;

#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    let arguments = arguments::Arguments::parse();
    let format = arguments.output;
    match commands::run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(format),
    }
}
