//! Holds the daemon's speed and size against the reference's, on one machine and under one load.
//!
//! `compare` (the default) starts both daemons, each in a network namespace of its own, and lets them work in turn.
//! `php` compares clients in PHP, `clients` those in other languages. `upgrade` measures what clients see of an upgrade.
//! `load` puts a fixed number of commands on a daemon that already runs, for tools that count.

mod binaries;
mod clients;
mod compare;
mod cpu;
mod daemon;
mod load;
mod namespace;
mod options;
mod partner;
mod php;
mod plan;
mod report;
mod rounds;
mod side;
mod upgrade;
mod worker;

use std::process::ExitCode;

use options::Command;

fn main() -> ExitCode {
    match options::parse().and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("poolcounter-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Help => {
            print!("{}", options::HELP);
            Ok(())
        }
        Command::Compare(options) => compare::run(&options),
        Command::Php(options) => php::run(&options),
        Command::Clients(options) => clients::run(&options),
        Command::Upgrade(options) => upgrade::run(&options),
        Command::Load(options) => load::fixed::run(&options),
        Command::Worker(options) => worker::run(&options),
        Command::Exec { cpu, program, arguments } => Err(daemon::become_pinned(cpu, &program, &arguments)),
    }
}
