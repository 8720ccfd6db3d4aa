//! The binary `cartwheel`: a node, and everything one does to a cluster from a terminal. It is a
//! library, too, so that a binary of one's own has all of it, and extensions in its nodes.
//!
//! ```text
//!   arguments ─► commands/<one a file> ─► client library, files, processes
//!                        │
//!                        └─► output (table or JSON) · failure (a sentence and an exit code)
//! ```

#![warn(missing_docs)]

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

use std::ffi::OsString;
use std::process::ExitCode;

use cartwheel_actors::extension::Extension;
use clap::Parser;
use tikv_jemallocator::Jemalloc;

#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

/// Does what the command line says, and gives what the process ends with. The nodes that it serves
/// have these extensions, which start in this order.
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     cartwheel_cli::run(Vec::new())
/// }
/// ```
pub fn run(extensions: Vec<Extension>) -> ExitCode {
    run_with(std::env::args_os(), extensions)
}

/// The same for another command line than that of this process; its first word is the program.
pub fn run_with(words: impl IntoIterator<Item = OsString>, extensions: Vec<Extension>) -> ExitCode {
    let arguments = arguments::Arguments::parse_from(words);
    let format = arguments.output;
    match commands::run(arguments, extensions) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(format),
    }
}
