//! A network namespace for each daemon: both have the port, and no closed connection of one lingers for the next.

use std::ffi::OsString;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The start of a command line that runs the rest in a network namespace of its own.
#[derive(Clone)]
pub(crate) struct Unshare {
    arguments: Vec<OsString>,
}

impl Unshare {
    /// Tries what this user may do. Without root, a user namespace is needed too.
    pub(crate) fn new() -> Result<Unshare> {
        for arguments in [&["--net"][..], &["--user", "--map-root-user", "--net"]] {
            let unshare = Unshare { arguments: arguments.iter().map(Into::into).collect() };
            let status = unshare
                .command("true")
                .stderr(Stdio::null())
                .status()
                .context("cannot run `unshare` (package util-linux)")?;
            if status.success() {
                return Ok(unshare);
            }
        }
        bail!(
            "cannot make a network namespace. Each daemon needs one, because both use port 7531 and \
             the reference cannot take it again for a minute. Run this as root, or allow user \
             namespaces to ordinary users"
        )
    }

    /// `program` in a new namespace.
    pub(crate) fn command(&self, program: impl Into<OsString>) -> Command {
        let mut command = Command::new("unshare");
        command.args(&self.arguments).arg(program.into());
        command
    }
}

/// Brings up the loopback interface of a new namespace.
pub(crate) fn prepare() -> Result<()> {
    let status =
        Command::new("ip").args(["link", "set", "lo", "up"]).status().context("cannot run `ip` (package iproute2)")?;
    if !status.success() {
        bail!("cannot bring up the loopback interface of the namespace");
    }
    Ok(())
}
