//! The load: one thread, one epoll, no allocation for a command, and every answer checked.
//!
//! It has its own clients: `Client` of the test support allocates memory and makes more system calls, which would be measured as well.

pub(crate) mod client;
pub(crate) mod connect;
pub(crate) mod counters;
pub(crate) mod cycle;
pub(crate) mod fixed;
pub(crate) mod fleet;
pub(crate) mod memory;
pub(crate) mod poller;
pub(crate) mod scrape;
pub(crate) mod slice;
pub(crate) mod sources;
pub(crate) mod stampede;

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use poolcounter_test_support::{Admin, Counters};

use crate::plan::Mode;
use client::PATIENCE;
use slice::Slice;

/// The timeout of waiters, in seconds: longer than any wait of the benchmark.
pub(crate) const WAIT_SECONDS: u32 = 300;

/// The received answers, for the comparison with the daemon's counters.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) locked: u64,
    pub(crate) released: u64,
    pub(crate) not_locked: u64,
    /// Abandoned transactions: each may have changed a counter or not.
    pub(crate) abandoned: u64,
}

/// A mode's clients.
pub(crate) trait Scenario {
    /// Works until the slice has ended and every answer has come.
    fn run(&mut self, slice: &mut Slice) -> Result<()>;

    /// What was received since the start.
    fn tally(&self) -> Tally;
}

/// A load, and the daemon's counters before it began.
pub(crate) struct Load {
    address: SocketAddr,
    before: Counters,
    pub(crate) scenario: Box<dyn Scenario>,
}

impl Load {
    /// Connects the clients. Some ask the admin interface in the mode scraped, if there is one.
    pub(crate) fn new(mode: Mode, address: SocketAddr, connections: usize, admin: Option<Admin>) -> Result<Load> {
        let before = counters::ask(address)?;
        let scenario: Box<dyn Scenario> = match mode {
            Mode::Own | Mode::Recorded | Mode::Buffered => Box::new(cycle::Cycle::own(address, connections)?),
            Mode::Shared => Box::new(cycle::Cycle::shared(address, connections)?),
            Mode::Stampede => Box::new(stampede::Stampede::new(address, connections, false)?),
            Mode::Bystander => Box::new(stampede::Stampede::new(address, connections, true)?),
            Mode::Scraped => Box::new(scrape::Scraped::new(address, connections, admin)?),
            Mode::Connect => Box::new(connect::Connect::new(address, connections)?),
            Mode::Memory => bail!("the mode memory has no load"),
        };
        Ok(Load { address, before, scenario })
    }

    /// Compares the received answers with the daemon's counters.
    pub(crate) fn check(&self) -> Result<()> {
        let tally = self.scenario.tally();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let checked = counters::check(&self.before, &counters::ask(self.address)?, tally);
            // The daemon may still be handling abandoned connections.
            if checked.is_ok() || tally.abandoned == 0 || Instant::now() > deadline {
                return checked;
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}
