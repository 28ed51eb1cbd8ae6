//! The command line.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use lexopt::prelude::*;

use crate::daemon::PORT;
use crate::plan::{Mode, Only};
use crate::upgrade::Scene;

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Usage: poolcounter-bench [options]
       poolcounter-bench php [options]
       poolcounter-bench clients [options]
       poolcounter-bench upgrade [options]
       poolcounter-bench load --address A --mode M --connections N --commands K

Compares our daemon with the reference and prints tables; takes about ten minutes.
  --quick             three rounds of short slices: a first look
  --only M[:N],...    these modes (own, shared, stampede, bystander, connect, memory), these connections
  --rounds N          rounds for each row (default 5)
  --self              the reference against itself: what the method is worth
  --ours PATH         our daemon (default: built by cargo from this workspace)
  --reference PATH    the reference (default: POOLCOUNTER_REFERENCE, else build/reference/poolcounterd)
  --json FILE         write every pair's figures to FILE as well

php: protected sections from PHP, by the extension, in PHP, and as MediaWiki's own client has them; four minutes.
  --quick, --rounds, --ours, --json   as above
  --only WORD         only the rows with this word, such as slow
  --self              the client in PHP against itself
  --php PATH          PHP (default: php)
  --extension PATH    the extension (default: POOLCOUNTER_SO, else built by cargo from this workspace)

clients: protected sections from C, Python and Node, by our libraries and written by hand; two minutes.
  --quick, --rounds, --self, --ours, --json   as above
  --only WORD         only the rows with this word, such as Python
  --python PATH       Python (default: python3)
  --node PATH         Node (default: node)
  --library PATH      libpoolcounter's shared library (default: built by cargo from this workspace)

upgrade: what a command takes while the daemon is upgraded under it; less than half a minute.
  --quick, --ours, --json   as above
  --upgrades N        upgrades for each row (default 20, with --quick 5)
  --only W[+I],...    so many connections that wait, and so many idle ones beside them

load: an exact number of commands against a daemon that already runs.
  --address A[:P]     where it listens (default 127.0.0.1:7531)
  --mode M            own, shared, stampede or connect
  --connections N     clients (shared and stampede: waiters, beside one holder)
  --commands K        commands in all (connect: two for each connection)
";

/// What to do.
pub(crate) enum Command {
    /// Print the help text.
    Help,
    /// Compare two daemons.
    Compare(CompareOptions),
    /// Compare clients in PHP.
    Php(PhpOptions),
    /// Compare clients in other languages.
    Clients(ClientsOptions),
    /// Measure upgrades.
    Upgrade(UpgradeOptions),
    /// Put a fixed load on a running daemon.
    Load(LoadOptions),
    /// Start one daemon in this namespace and load it on request. Internal.
    Worker(WorkerOptions),
    /// Become a program, pinned to a core. Internal.
    Exec {
        /// The core.
        cpu: usize,
        /// The program.
        program: PathBuf,
        /// Its arguments.
        arguments: Vec<OsString>,
    },
}

/// Options of the comparison.
#[derive(Default)]
pub(crate) struct CompareOptions {
    pub(crate) quick: bool,
    pub(crate) itself: bool,
    pub(crate) only: Vec<Only>,
    pub(crate) rounds: Option<usize>,
    pub(crate) ours: Option<PathBuf>,
    pub(crate) reference: Option<PathBuf>,
    pub(crate) json: Option<PathBuf>,
}

/// Options of the comparison in PHP.
#[derive(Default)]
pub(crate) struct PhpOptions {
    pub(crate) quick: bool,
    pub(crate) itself: bool,
    pub(crate) only: Option<String>,
    pub(crate) rounds: Option<usize>,
    pub(crate) php: Option<PathBuf>,
    pub(crate) extension: Option<PathBuf>,
    pub(crate) ours: Option<PathBuf>,
    pub(crate) json: Option<PathBuf>,
    /// This process is in its own network namespace already. Internal.
    pub(crate) inside: bool,
}

/// Options of the comparison of clients in other languages.
#[derive(Default)]
pub(crate) struct ClientsOptions {
    pub(crate) quick: bool,
    pub(crate) itself: bool,
    pub(crate) only: Option<String>,
    pub(crate) rounds: Option<usize>,
    pub(crate) python: Option<PathBuf>,
    pub(crate) node: Option<PathBuf>,
    pub(crate) library: Option<PathBuf>,
    pub(crate) ours: Option<PathBuf>,
    pub(crate) json: Option<PathBuf>,
    /// This process is in its own network namespace already. Internal.
    pub(crate) inside: bool,
}

/// Options of the upgrades.
#[derive(Default)]
pub(crate) struct UpgradeOptions {
    pub(crate) quick: bool,
    pub(crate) upgrades: Option<usize>,
    pub(crate) only: Vec<Scene>,
    pub(crate) ours: Option<PathBuf>,
    pub(crate) json: Option<PathBuf>,
    /// This process is in its own network namespace already, for the only scene. Internal.
    pub(crate) inside: bool,
}

/// Options of the fixed load.
pub(crate) struct LoadOptions {
    pub(crate) address: SocketAddr,
    pub(crate) mode: Mode,
    pub(crate) connections: usize,
    pub(crate) commands: u64,
}

/// Options of a worker process.
pub(crate) struct WorkerOptions {
    pub(crate) daemon: PathBuf,
    pub(crate) mode: Mode,
    pub(crate) connections: usize,
    pub(crate) daemon_cpu: usize,
    pub(crate) load_cpu: usize,
}

/// Reads the process's arguments.
pub(crate) fn parse() -> Result<Command> {
    let first = std::env::args().nth(1);
    let mut parser = lexopt::Parser::from_env();
    match first.as_deref() {
        Some("php" | "clients" | "upgrade" | "load" | "worker" | "exec") => {
            parser.next()?;
        }
        _ => return compare(parser),
    }
    match first.as_deref() {
        Some("php") => php(parser),
        Some("clients") => clients(parser),
        Some("upgrade") => upgrade(parser),
        Some("load") => load(parser),
        Some("worker") => worker(parser),
        _ => exec(parser),
    }
}

fn compare(mut parser: lexopt::Parser) -> Result<Command> {
    let mut options = CompareOptions::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help),
            Long("quick") => options.quick = true,
            Long("self") => options.itself = true,
            Long("rounds") => options.rounds = Some(parser.value()?.parse()?),
            Long("ours") => options.ours = Some(parser.value()?.into()),
            Long("reference") => options.reference = Some(parser.value()?.into()),
            Long("json") => options.json = Some(parser.value()?.into()),
            Long("only") => {
                for part in parser.value()?.string()?.split(',') {
                    options.only.push(part.parse()?);
                }
            }
            other => return Err(other.unexpected().into()),
        }
    }
    if options.rounds == Some(0) {
        bail!("--rounds must be at least 1");
    }
    Ok(Command::Compare(options))
}

fn php(mut parser: lexopt::Parser) -> Result<Command> {
    let mut options = PhpOptions::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help),
            Long("quick") => options.quick = true,
            Long("self") => options.itself = true,
            Long("only") => options.only = Some(parser.value()?.string()?),
            Long("rounds") => options.rounds = Some(parser.value()?.parse()?),
            Long("php") => options.php = Some(parser.value()?.into()),
            Long("extension") => options.extension = Some(parser.value()?.into()),
            Long("ours") => options.ours = Some(parser.value()?.into()),
            Long("json") => options.json = Some(parser.value()?.into()),
            Long("inside") => options.inside = true,
            other => return Err(other.unexpected().into()),
        }
    }
    if options.rounds == Some(0) {
        bail!("--rounds must be at least 1");
    }
    Ok(Command::Php(options))
}

fn clients(mut parser: lexopt::Parser) -> Result<Command> {
    let mut options = ClientsOptions::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help),
            Long("quick") => options.quick = true,
            Long("self") => options.itself = true,
            Long("only") => options.only = Some(parser.value()?.string()?),
            Long("rounds") => options.rounds = Some(parser.value()?.parse()?),
            Long("python") => options.python = Some(parser.value()?.into()),
            Long("node") => options.node = Some(parser.value()?.into()),
            Long("library") => options.library = Some(parser.value()?.into()),
            Long("ours") => options.ours = Some(parser.value()?.into()),
            Long("json") => options.json = Some(parser.value()?.into()),
            Long("inside") => options.inside = true,
            other => return Err(other.unexpected().into()),
        }
    }
    if options.rounds == Some(0) {
        bail!("--rounds must be at least 1");
    }
    Ok(Command::Clients(options))
}

fn upgrade(mut parser: lexopt::Parser) -> Result<Command> {
    let mut options = UpgradeOptions::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help),
            Long("quick") => options.quick = true,
            Long("upgrades") => options.upgrades = Some(parser.value()?.parse()?),
            Long("ours") => options.ours = Some(parser.value()?.into()),
            Long("json") => options.json = Some(parser.value()?.into()),
            Long("inside") => options.inside = true,
            Long("only") => {
                for part in parser.value()?.string()?.split(',') {
                    options.only.push(part.parse()?);
                }
            }
            other => return Err(other.unexpected().into()),
        }
    }
    if options.upgrades == Some(0) {
        bail!("--upgrades must be at least 1");
    }
    Ok(Command::Upgrade(options))
}

fn load(mut parser: lexopt::Parser) -> Result<Command> {
    let mut address = SocketAddr::from((Ipv4Addr::LOCALHOST, PORT));
    let (mut mode, mut connections, mut commands) = (None, None, None);
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help),
            Long("address") => address = loopback(&parser.value()?.string()?)?,
            Long("mode") => mode = Some(parser.value()?.parse()?),
            Long("connections") => connections = Some(parser.value()?.parse()?),
            Long("commands") => commands = Some(parser.value()?.parse()?),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Command::Load(LoadOptions {
        address,
        mode: mode.context("--mode is missing")?,
        connections: connections.context("--connections is missing")?,
        commands: commands.context("--commands is missing")?,
    }))
}

/// A load is meant for this machine alone.
fn loopback(text: &str) -> Result<SocketAddr> {
    let address = match text.parse::<SocketAddr>() {
        Ok(address) => address,
        Err(_) => SocketAddr::new(text.parse().context("--address is no IP address")?, PORT),
    };
    if !address.ip().is_loopback() {
        bail!("--address must be a loopback address");
    }
    Ok(address)
}

fn worker(mut parser: lexopt::Parser) -> Result<Command> {
    let mut options =
        WorkerOptions { daemon: PathBuf::new(), mode: Mode::Own, connections: 1, daemon_cpu: 0, load_cpu: 0 };
    while let Some(argument) = parser.next()? {
        match argument {
            Long("daemon") => options.daemon = parser.value()?.into(),
            Long("mode") => options.mode = parser.value()?.parse()?,
            Long("connections") => options.connections = parser.value()?.parse()?,
            Long("daemon-cpu") => options.daemon_cpu = parser.value()?.parse()?,
            Long("load-cpu") => options.load_cpu = parser.value()?.parse()?,
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Command::Worker(options))
}

fn exec(mut parser: lexopt::Parser) -> Result<Command> {
    let cpu = parser.value()?.parse()?;
    let program = parser.value()?.into();
    let arguments = parser.raw_args()?.collect();
    Ok(Command::Exec { cpu, program, arguments })
}
