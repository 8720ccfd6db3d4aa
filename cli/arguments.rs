//! The words of the command line. Each command's own are in its file.

use clap::{Args, Parser};

use crate::commands::Command;
use crate::endpoint::Endpoint;
use crate::output::Format;

/// A leaderless, always-writable, replicated key-value store.
///
/// Exit codes: 0 done, 1 not found, 2 wrong usage or configuration, 3 refused or failed,
/// 4 unreachable or timed out.
#[derive(Debug, Parser)]
#[command(name = "cartwheel", version, max_term_width = 100)]
pub struct Arguments {
    /// How to print: a table for people, or one line of JSON for scripts
    #[arg(short, long, global = true, value_name = "FORMAT")]
    pub output: Option<Format>,
    #[command(flatten)]
    pub target: Target,
    #[command(subcommand)]
    pub command: Command,
}

/// Which cluster a command talks to, and how long it waits.
#[derive(Clone, Debug, Args)]
pub struct Target {
    /// Client addresses of the cluster; if one does not answer, the next is tried
    #[arg(
        long = "endpoint",
        global = true,
        env = "CARTWHEEL_ENDPOINTS",
        value_name = "HOST:PORT",
        value_delimiter = ',',
        default_value = "127.0.0.1:7400,127.0.0.1:7410,127.0.0.1:7420"
    )]
    pub endpoints: Vec<Endpoint>,
    /// Milliseconds until a request is given up, its retries included
    #[arg(
        long = "timeout",
        global = true,
        value_name = "MS",
        default_value_t = 5000,
        value_parser = clap::value_parser!(u32).range(1..=60_000)
    )]
    pub timeout_ms: u32,
}
