//! `cartwheel`, all of it, with an extension in each node that it serves.

use std::process::ExitCode;

fn main() -> ExitCode {
    cartwheel_cli::run(vec![counter::extension()])
}
