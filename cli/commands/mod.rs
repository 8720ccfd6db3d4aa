//! One file a command: its words, what it does, what it prints.

mod bench;
mod bucket;
mod check_config;
mod completions;
mod delete;
mod dev;
mod explain;
mod export;
mod get;
mod import;
mod list;
mod put;
mod ring;
mod serve;
mod status;

use cartwheel_actors::extension::Extension;
use clap::Subcommand;

use crate::arguments::Arguments;
use crate::failure::Failure;

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    Serve(serve::Serve),
    Dev(dev::Dev),
    Get(get::Get),
    Put(put::Put),
    Delete(delete::Delete),
    List(list::List),
    Import(import::Import),
    Export(export::Export),
    Explain(explain::Explain),
    Bucket(bucket::Bucket),
    Status(status::Status),
    Ring(ring::Ring),
    Bench(bench::Bench),
    CheckConfig(check_config::CheckConfig),
    Completions(completions::Completions),
}

/// Does what the arguments say.
pub fn run(arguments: Arguments, extensions: Vec<Extension>) -> Result<(), Failure> {
    let (target, format) = (&arguments.target, arguments.output);
    match arguments.command {
        Command::Serve(command) => command.run(format, extensions),
        Command::Dev(command) => command.run(format),
        Command::Get(command) => command.run(target, format),
        Command::Put(command) => command.run(target, format),
        Command::Delete(command) => command.run(target, format),
        Command::List(command) => command.run(target, format),
        Command::Import(command) => command.run(target, format),
        Command::Export(command) => command.run(target, format),
        Command::Explain(command) => command.run(target, format),
        Command::Bucket(command) => command.run(target, format),
        Command::Status(command) => command.run(target, format),
        Command::Ring(command) => command.run(target, format),
        Command::Bench(command) => command.run(target, format),
        Command::CheckConfig(command) => command.run(format, &extensions),
        Command::Completions(command) => command.run(),
    }
}
