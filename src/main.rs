//! The `decile` command: reads the command line, carries one command out, ends with its exit code.

use clap::Parser as _;
use decile::cli::{Cli, run};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    run(cli).into()
}
