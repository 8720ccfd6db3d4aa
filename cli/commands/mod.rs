//! One file a command: its words, what it does, what it prints.

mod check_config;
mod completions;

use clap::Subcommand;

use crate::arguments::Arguments;
use crate::failure::Failure;

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    CheckConfig(check_config::CheckConfig),
    Completions(completions::Completions),
}

/// Does what the arguments say.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let format = arguments.output;
    match arguments.command {
        Command::CheckConfig(command) => command.run(format),
        Command::Completions(command) => command.run(),
    }
}
