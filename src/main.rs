//! The `decile` command: reads the command line, carries one command out, ends with its exit code.

use clap::Parser as _;
use decile::cli::{Cli, run};
use std::process::ExitCode;

/// A message's memory is taken on one thread and given back on another, which the system's allocator does at twice the price.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What `println!` panics with where whoever reads our output has seen enough.
const NOBODY_READS: &str = "failed printing to stdout: Broken pipe";

fn main() -> ExitCode {
    end_quietly_when_nobody_reads();
    let cli = Cli::parse();
    run(cli).into()
}

/// `decile setup | head` is no defect, and ends like every other command.
fn end_quietly_when_nobody_reads() {
    let otherwise = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if panic.payload_as_str().is_some_and(|said| said.starts_with(NOBODY_READS)) {
            std::process::exit(0);
        }
        otherwise(panic);
    }));
}
