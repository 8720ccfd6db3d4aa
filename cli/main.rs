//! The binary `cartwheel`, without extensions.

use std::process::ExitCode;

fn main() -> ExitCode {
    cartwheel_cli::run(Vec::new())
}
