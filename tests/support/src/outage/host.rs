//! A host with a daemon, behind a link.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;

use super::link::Link;
use super::{Number, PORT};
use crate::client::Client;
use crate::daemon::Daemon;
use crate::program::Program;

/// The address at which clients connect to the server with this number.
pub(super) fn client_address(number: Number) -> Ipv4Addr {
    Ipv4Addr::new(10, 9, number, 2)
}

/// The address of the server for clients that do not use the link.
pub(super) fn own_address(number: Number) -> SocketAddr {
    (Ipv4Addr::new(10, 9, number, 1), PORT).into()
}

#[derive(Debug)]
pub(super) struct Host {
    number: Number,
    pub(super) link: Link,
    daemon: Option<Daemon>,
}

impl Host {
    /// A host with a running daemon.
    pub(super) fn new(number: Number) -> Result<Self> {
        let SocketAddr::V4(own) = own_address(number) else { unreachable!("it is an IPv4 address") };
        let link = Link::lay(&format!("s{number}"), &format!("{}/30", own.ip()))?;
        let mut host = Self { number, link, daemon: None };
        host.start(&[])?;
        Ok(host)
    }

    pub(super) fn start(&mut self, options: &[String]) -> Result<()> {
        ensure!(self.daemon.is_none(), "it runs already");
        self.daemon = Some(Daemon::start_at(own_address(self.number), |address| {
            let mut command = Program::ours()?.command();
            command.arg("-l").arg(address.to_string()).args(options);
            Ok(command)
        })?);
        Ok(())
    }

    /// Kills the daemon; the host continues.
    pub(super) fn kill(&mut self) -> Result<()> {
        let mut daemon = self.daemon.take().context("it does not run")?;
        daemon.signal(Signal::KILL)?;
        daemon.wait()?;
        Ok(())
    }

    pub(super) fn freeze(&self) -> Result<()> {
        self.daemon.as_ref().context("it does not run")?.freeze()
    }

    pub(super) fn thaw(&self) -> Result<()> {
        self.daemon.as_ref().context("it does not run")?.thaw()
    }

    /// Whether a client holds the key there. The key has one slot.
    pub(super) fn has_held(&self, key: &str) -> Result<bool> {
        let mut witness = Client::connect(own_address(self.number))?;
        let answer = witness.ask(&format!("ACQ4ME {key} 1 100 0\n"))?;
        if answer == "LOCKED\n" {
            ensure!(witness.ask("RELEASE\n")? == "RELEASED\n", "the witness cannot release {key}");
            return Ok(false);
        }
        ensure!(answer == "TIMEOUT\n", "the witness was told {answer:?}");
        Ok(true)
    }

    /// The daemon's output, if it runs and has printed anything.
    pub(super) fn complaint(&self) -> Option<String> {
        let printed = self.daemon.as_ref()?.stderr();
        (!printed.is_empty()).then(|| format!("s{} printed: {printed}", self.number))
    }
}
