//! Holds the daemon's speed and size against the reference's, on one machine and under one load.
//!
//! Without a command it starts both daemons, each in a network namespace of its own, and lets them work in turn.
//! `php` compares clients in PHP, `clients` those in other languages. `upgrade` measures what clients see of an upgrade.
//! `load` puts a fixed number of commands on a daemon that already runs, for tools that count.

mod compare;
mod cpu;
mod daemon;
mod job;
mod load;
mod options;
mod plan;
mod report;
mod rounds;
mod sections;
mod upgrade;
mod worker;

use std::process::ExitCode;

use clap::Parser;

use options::{Cli, Command};

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("poolcounter-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        None => compare::run(&cli.compare),
        Some(Command::Php(options)) => sections::php::run(options),
        Some(Command::Clients(options)) => sections::clients::run(options),
        Some(Command::Upgrade(options)) => upgrade::run(&options),
        Some(Command::Load(options)) => load::fixed::run(&options),
        Some(Command::Job { job }) => job.run(),
    }
}
