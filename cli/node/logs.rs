//! The log of a node, on standard error.

use std::io;

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

/// What a line of the log looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    Text,
    /// For collectors: one JSON object a line
    Json,
}

/// Starts the log; RUST_LOG says more exactly what it holds.
pub fn start_logs(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter);
    let builder = builder.with_writer(io::stderr).with_ansi(false);
    match format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
}
