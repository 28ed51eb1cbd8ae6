//! One client works, all others wait with ACQ4ANY, and its RELEASE ends all waits. Latency: from the RELEASE to the last DONE, or of the slowest acquire
//! of a bystander meanwhile.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Result;
use poolcounter_test_support::Client;

use super::client::{Answer, RELEASE};
use super::counters;
use super::fleet::Fleet;
use super::slice::Slice;
use super::{Scenario, Tally, WAIT_SECONDS};

/// The client that works; the others, 1 and up, wait.
const HOLDER: usize = 0;

/// One holder, its waiters, and a connection to ask when all of them wait.
pub(crate) struct Stampede {
    fleet: Fleet,
    probe: Client,
    waiters: usize,
    /// Whether there is one more client, the bystander, which uses another key.
    beside: bool,
    acquire: Vec<u8>,
}

impl Stampede {
    /// Connects `waiters` clients, one that works, one that asks, and perhaps a bystander.
    pub(crate) fn new(address: SocketAddr, waiters: usize, beside: bool) -> Result<Stampede> {
        let clients = waiters + 1;
        let fleet = Fleet::connect(address, clients + usize::from(beside))?;
        Ok(Stampede {
            fleet,
            probe: Client::connect(address)?,
            waiters,
            beside,
            acquire: format!("ACQ4ANY stampede 1 {clients} {WAIT_SECONDS}\n").into_bytes(),
        })
    }

    /// The first client gets the lock, the others wait. Gives how often the daemon was asked for the number of waiters.
    pub(crate) fn gather(&mut self) -> Result<u64> {
        self.fleet.queue(&self.acquire, self.waiters, Answer::Done)?;
        counters::await_waiting(&mut self.probe, self.waiters)
    }

    /// Sends RELEASE, and gives the time until the last DONE.
    pub(crate) fn release(&mut self) -> Result<Duration> {
        let Fleet { poller, crew } = &mut self.fleet;
        let start = Instant::now();
        crew.clients[HOLDER].send(RELEASE, Answer::Released, start)?;
        let (mut waiting, mut released) = (self.waiters, false);
        let mut last = start;
        while waiting > 0 || !released {
            for number in poller.wait()? {
                match crew.receive(number)? {
                    Some(Answer::Done) => {
                        waiting -= 1;
                        last = Instant::now();
                    }
                    Some(_) => released = true,
                    None => {}
                }
            }
        }
        Ok(last - start)
    }

    /// Sends RELEASE, and passes the time of each acquire of the bystander before the last DONE to `took`. The waiters do not read their DONE meanwhile, because
    /// this would be measured as well.
    pub(crate) fn release_beside(
        &mut self,
        slice: &mut Slice,
        mut took: impl FnMut(&mut Slice, Duration),
    ) -> Result<()> {
        let bystander = self.waiters + 1;
        let crew = &mut self.fleet.crew;
        crew.clients[HOLDER].send(RELEASE, Answer::Released, Instant::now())?;
        while crew.receive(HOLDER)?.is_none() {
            let start = Instant::now();
            crew.clients[bystander].send(b"ACQ4ME bystander 1 1 0\n", Answer::Locked, start)?;
            crew.await_answer(bystander)?;
            took(slice, start.elapsed());
            crew.clients[bystander].send(RELEASE, Answer::Released, start)?;
            crew.await_answer(bystander)?;
            slice.answered(2);
        }
        (1..=self.waiters).try_for_each(|waiter| crew.await_answer(waiter))?;
        slice.answered(self.waiters as u64 + 2);
        slice.tick(Instant::now());
        Ok(())
    }
}

impl Scenario for Stampede {
    fn run(&mut self, slice: &mut Slice) -> Result<()> {
        while slice.begin() {
            slice.answered(self.gather()?);
            if self.beside {
                let mut slowest = Duration::ZERO;
                self.release_beside(slice, |_, took| slowest = slowest.max(took))?;
                slice.latency(slowest);
            } else {
                slice.latency(self.release()?);
                slice.answered(self.waiters as u64 + 2);
                slice.tick(Instant::now());
            }
        }
        Ok(())
    }

    fn tally(&self) -> Tally {
        self.fleet.crew.tally
    }
}
