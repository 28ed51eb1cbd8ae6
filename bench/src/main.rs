//! Compares the speed and size of the daemon with the reference, on one machine and under the same load.
//!
//! Without a command it starts both daemons, each in its own network namespace, and lets them work in turn.
//! `php` compares clients in PHP, `clients` those in other languages. `upgrade` measures what clients see of an upgrade.
//! `admin` measures what the admin interface costs. `farm` prints how keys are spread over several servers. `load` sends a fixed number of commands to a running daemon, for tools that count.

mod admin;
mod compare;
mod cpu;
mod daemon;
mod farm;
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
        Some(Command::Admin(sides)) => admin::run(&sides),
        Some(Command::Upgrade(options)) => upgrade::run(&options),
        Some(Command::Farm) => farm::run(),
        Some(Command::Load(options)) => load::fixed::run(&options),
        Some(Command::Job { job }) => job.run(),
    }
}
