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

use crate::arguments::{Arguments, OnCluster};
use crate::failure::Failure;

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    Serve(serve::Serve),
    Dev(dev::Dev),
    Get(OnCluster<get::Get>),
    Put(OnCluster<put::Put>),
    Delete(OnCluster<delete::Delete>),
    List(OnCluster<list::List>),
    Import(OnCluster<import::Import>),
    Export(OnCluster<export::Export>),
    Explain(OnCluster<explain::Explain>),
    Bucket(OnCluster<bucket::Bucket>),
    Status(OnCluster<status::Status>),
    Ring(OnCluster<ring::Ring>),
    Bench(OnCluster<bench::Bench>),
    CheckConfig(check_config::CheckConfig),
    Completions(completions::Completions),
}

/// Does what the arguments say.
pub fn run(arguments: Arguments, extensions: Vec<Extension>) -> Result<(), Failure> {
    let format = arguments.output;
    match arguments.command {
        Command::Serve(command) => command.run(format, extensions),
        Command::Dev(command) => command.run(format),
        Command::Get(on) => on.command.run(&on.target, format),
        Command::Put(on) => on.command.run(&on.target, format),
        Command::Delete(on) => on.command.run(&on.target, format),
        Command::List(on) => on.command.run(&on.target, format),
        Command::Import(on) => on.command.run(&on.target, format),
        Command::Export(on) => on.command.run(&on.target, format),
        Command::Explain(on) => on.command.run(&on.target, format),
        Command::Bucket(on) => on.command.run(&on.target, format),
        Command::Status(on) => on.command.run(&on.target, format),
        Command::Ring(on) => on.command.run(&on.target, format),
        Command::Bench(on) => on.command.run(&on.target, format),
        Command::CheckConfig(command) => command.run(format, &extensions),
        Command::Completions(command) => command.run(),
    }
}
