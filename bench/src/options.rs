//! The command line. Each option is declared once; clap parses it and writes the help.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::{Args, Parser, Subcommand};
use poolcounter_test_support::PORT;
use serde::{Deserialize, Serialize};

use crate::job::Job;
use crate::plan::{Mode, Only};
use crate::upgrade::Scene;

/// Compares our daemon with the reference and prints tables; takes about nine minutes.
#[derive(Parser)]
#[command(name = "poolcounter-bench", args_conflicts_with_subcommands = true)]
#[command(disable_help_subcommand = true, flatten_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) compare: CompareOptions,
}

/// The command; without one, daemons are compared.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Protected sections from PHP: by the extension, in PHP, and as MediaWiki's own client has them; four minutes
    Php(PhpOptions),
    /// Protected sections from C, Python and Node: by our libraries, and written by hand; two minutes
    Clients(ClientsOptions),
    /// What the admin interface costs: our daemon without and with it; two minutes
    Admin(Sides),
    /// What a command takes while the daemon is upgraded under it; less than half a minute
    Upgrade(UpgradeOptions),
    /// How keys and connections are spread over several servers: the tables of docs/farm.md; a few seconds
    Farm,
    /// An exact number of commands against a daemon that already runs
    Load(LoadOptions),
    /// This program again, in a network namespace.
    #[command(hide = true)]
    Job {
        #[arg(value_parser = |text: &str| serde_json::from_str::<Job>(text))]
        job: Job,
    },
}

/// Options of all that starts our daemon.
#[derive(Args, Clone, Serialize, Deserialize)]
pub(crate) struct Common {
    /// Few rounds of short slices: a first look
    #[arg(long)]
    pub(crate) quick: bool,
    /// Our daemon [default: built by cargo from this workspace]
    #[arg(long, value_name = "PATH")]
    pub(crate) ours: Option<PathBuf>,
    /// Write every pair's figures to FILE as well
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

/// Options of comparisons of two sides.
#[derive(Args, Clone, Serialize, Deserialize)]
pub(crate) struct Sides {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Rounds for each row [default: 5; with --quick 3, in php and clients 2]
    #[arg(long, value_name = "N")]
    rounds: Option<NonZeroUsize>,
    /// Compare the other side with itself, to see the error of the method
    #[arg(long = "self")]
    pub(crate) itself: bool,
}

impl Sides {
    /// The number of rounds; `quick` with the option for a first look.
    pub(crate) fn rounds(&self, quick: usize) -> usize {
        self.rounds.map_or(if self.common.quick { quick } else { 5 }, NonZeroUsize::get)
    }
}

/// Options of comparisons of clients.
#[derive(Args, Clone, Serialize, Deserialize)]
pub(crate) struct Sections {
    #[command(flatten)]
    pub(crate) sides: Sides,
    /// Only the rows with this word, such as slow or Python
    #[arg(long, value_name = "WORD")]
    pub(crate) only: Option<String>,
}

/// Options of the comparison of daemons.
#[derive(Args)]
pub(crate) struct CompareOptions {
    #[command(flatten)]
    pub(crate) sides: Sides,
    /// These modes (own, shared, stampede, bystander, connect, memory), these connections
    #[arg(long, value_name = "M[:N],...", value_delimiter = ',')]
    pub(crate) only: Vec<Only>,
    /// The reference [default: `POOLCOUNTER_REFERENCE`, else build/reference/poolcounterd]
    #[arg(long, value_name = "PATH")]
    pub(crate) reference: Option<PathBuf>,
}

/// Options of the comparison in PHP.
#[derive(Args, Clone, Serialize, Deserialize)]
pub(crate) struct PhpOptions {
    #[command(flatten)]
    pub(crate) sections: Sections,
    /// PHP
    #[arg(long, value_name = "PATH", default_value = "php")]
    pub(crate) php: PathBuf,
    /// The extension [default: `POOLCOUNTER_SO`, else built by cargo from this workspace]
    #[arg(long, value_name = "PATH")]
    pub(crate) extension: Option<PathBuf>,
}

/// Options of the comparison of clients in other languages.
#[derive(Args, Clone, Serialize, Deserialize)]
pub(crate) struct ClientsOptions {
    #[command(flatten)]
    pub(crate) sections: Sections,
    /// Python
    #[arg(long, value_name = "PATH", default_value = "python3")]
    pub(crate) python: PathBuf,
    /// Node
    #[arg(long, value_name = "PATH", default_value = "node")]
    pub(crate) node: PathBuf,
    /// libpoolcounter's shared library [default: built by cargo from this workspace]
    #[arg(long, value_name = "PATH")]
    pub(crate) library: Option<PathBuf>,
}

/// Options of the upgrades.
#[derive(Args)]
pub(crate) struct UpgradeOptions {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Upgrades for each row [default: 20, with --quick 5]
    #[arg(long, value_name = "N")]
    pub(crate) upgrades: Option<NonZeroUsize>,
    /// The number of waiting connections, and of idle ones in addition
    #[arg(long, value_name = "W[+I],...", value_delimiter = ',')]
    pub(crate) only: Vec<Scene>,
}

/// Options of the fixed load.
#[derive(Args)]
pub(crate) struct LoadOptions {
    /// Where the daemon listens, on this machine
    #[arg(long, value_name = "A[:P]", default_value = "127.0.0.1:7531", value_parser = loopback)]
    pub(crate) address: SocketAddr,
    /// own, shared, stampede or connect
    #[arg(long, value_name = "M", hide_possible_values = true)]
    pub(crate) mode: Mode,
    /// Clients (shared and stampede: waiters, in addition to one holder)
    #[arg(long, value_name = "N")]
    pub(crate) connections: NonZeroUsize,
    /// Commands in all (connect: two for each connection)
    #[arg(long, value_name = "K")]
    pub(crate) commands: u64,
}

/// A load is for this machine only.
fn loopback(text: &str) -> Result<SocketAddr> {
    let address = match text.parse() {
        Ok(address) => address,
        Err(_) => SocketAddr::new(text.parse().context("it is no IP address")?, PORT),
    };
    ensure!(address.ip().is_loopback(), "it must be a loopback address");
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use std::net::Ipv4Addr;

    #[test]
    fn the_declarations_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_load_is_for_this_machine_alone() {
        assert_eq!(loopback("127.0.0.2").unwrap(), SocketAddr::from((Ipv4Addr::new(127, 0, 0, 2), PORT)));
        assert!(loopback("192.0.2.1").is_err() && loopback("here").is_err());
    }
}
