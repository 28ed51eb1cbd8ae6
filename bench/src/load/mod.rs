//! The load: one thread, one epoll, no allocation for a command, and every answer checked.

pub(crate) mod client;
pub(crate) mod connect;
pub(crate) mod counters;
pub(crate) mod fixed;
pub(crate) mod fleet;
pub(crate) mod memory;
pub(crate) mod own;
pub(crate) mod poller;
pub(crate) mod shared;
pub(crate) mod slice;
pub(crate) mod sources;
pub(crate) mod stampede;

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::plan::Mode;
use client::PATIENCE;
use counters::Counters;
use slice::Slice;

/// The timeout that waiters ask for, in seconds: longer than any wait in here.
pub(crate) const WAIT_SECONDS: u32 = 300;

/// Answers received, to be held against the daemon's own counters.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) locked: u64,
    pub(crate) released: u64,
    pub(crate) not_locked: u64,
    /// Transactions given up: each may have moved a counter or not.
    pub(crate) abandoned: u64,
}

/// A mode's clients.
pub(crate) trait Scenario {
    /// Works until the slice is over and every answer is there.
    fn run(&mut self, slice: &mut Slice) -> Result<()>;

    /// What was received since the start.
    fn tally(&self) -> Tally;
}

/// A scenario, and the daemon's counters before it began.
pub(crate) struct Load {
    address: SocketAddr,
    before: Counters,
    scenario: Box<dyn Scenario>,
}

impl Load {
    /// Connects the clients.
    pub(crate) fn new(mode: Mode, address: SocketAddr, connections: usize) -> Result<Load> {
        let before = Counters::ask(address)?;
        let scenario: Box<dyn Scenario> = match mode {
            Mode::Own => Box::new(own::Own::new(address, connections)?),
            Mode::Shared => Box::new(shared::Shared::new(address, connections)?),
            Mode::Stampede => Box::new(stampede::Stampede::new(address, connections)?),
            Mode::Bystander => Box::new(stampede::Stampede::beside(address, connections)?),
            Mode::Connect => Box::new(connect::Connect::new(address, connections)?),
            Mode::Memory => bail!("the mode memory is no load"),
        };
        Ok(Load { address, before, scenario })
    }

    /// Works for one slice.
    pub(crate) fn run(&mut self, slice: &mut Slice) -> Result<()> {
        self.scenario.run(slice)
    }

    /// The answers that told of the set-up.
    pub(crate) fn tally(&self) -> Tally {
        self.scenario.tally()
    }

    /// Holds the answers received against the daemon's own counters.
    pub(crate) fn check(&self) -> Result<()> {
        let tally = self.scenario.tally();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let checked = self.before.check(&Counters::ask(self.address)?, tally);
            // The daemon may still be at connections that were given up.
            if checked.is_ok() || tally.abandoned == 0 || Instant::now() > deadline {
                return checked;
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}
