//! The daemon under test, in the network namespace of this process.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use poolcounter_test_support::{Daemon, PORT, Program};

/// The address of every daemon.
pub(crate) const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), PORT);

/// Starts a daemon on a core and waits until it accepts at [`ADDRESS`], which is one of the addresses in `arguments`.
pub(crate) fn start(program: &Path, core: usize, arguments: &[&str]) -> Result<Daemon> {
    let program = Program::at(program)?;
    Daemon::start_at(ADDRESS, |_| {
        let mut command = program.pinned(core);
        command.args(arguments);
        Ok(command)
    })
}

/// Our daemon, built if no path was given.
pub(crate) fn ours(given: Option<&Path>) -> Result<PathBuf> {
    let program = given.map_or_else(Program::ours_released, Program::at);
    Ok(program.context("our daemon is missing; name one with --ours")?.path().to_owned())
}
