//! One client works, all the others wait with ACQ4ANY; its RELEASE tells them all. Latency: from it to the last DONE.

use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::client::{Answer, PATIENCE, RELEASE};
use super::counters;
use super::fleet::Fleet;
use super::slice::Slice;
use super::{Scenario, Tally, WAIT_SECONDS};

/// The client that works; the others, 1 and up, wait.
const HOLDER: usize = 0;

/// One holder, its waiters, and a connection to ask when all of them wait.
pub(crate) struct Stampede {
    fleet: Fleet,
    probe: TcpStream,
    waiters: usize,
    acquire: Vec<u8>,
}

impl Stampede {
    /// Connects `waiters` clients, one that works and one that asks.
    pub(crate) fn new(address: SocketAddr, waiters: usize) -> Result<Stampede> {
        let clients = waiters + 1;
        Ok(Stampede {
            fleet: Fleet::connect(address, clients)?,
            probe: counters::connect(address)?,
            waiters,
            acquire: format!("ACQ4ANY stampede 1 {clients} {WAIT_SECONDS}\n").into_bytes(),
        })
    }

    /// The first is granted the lock, the others wait. A waiter is not answered, so the daemon is asked how many wait;
    /// gives how often.
    pub(crate) fn gather(&mut self) -> Result<u64> {
        let Fleet { poller, crew } = &mut self.fleet;
        crew.send(HOLDER, &self.acquire, Answer::Locked, Instant::now())?;
        let mut locked = false;
        while !locked {
            for number in poller.wait()? {
                locked |= crew.receive(number)? == Some(Answer::Locked);
            }
        }
        for number in 1..=self.waiters {
            crew.send(number, &self.acquire, Answer::Done, Instant::now())?;
        }
        let deadline = Instant::now() + PATIENCE;
        let mut questions = 0;
        loop {
            questions += 1;
            if counters::waiting(&mut self.probe)? == self.waiters as u64 {
                return Ok(questions);
            }
            ensure!(Instant::now() < deadline, "not all clients came to wait");
        }
    }

    /// RELEASE, and how long it is until the last one knows.
    pub(crate) fn release(&mut self) -> Result<Duration> {
        let Fleet { poller, crew } = &mut self.fleet;
        let start = Instant::now();
        crew.send(HOLDER, RELEASE, Answer::Released, start)?;
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
}

impl Scenario for Stampede {
    fn run(&mut self, slice: &mut Slice) -> Result<()> {
        while slice.begin() {
            slice.answered(self.gather()?);
            slice.latency(self.release()?);
            slice.answered(self.waiters as u64 + 2);
            slice.tick(Instant::now());
        }
        Ok(())
    }

    fn tally(&self) -> Tally {
        self.fleet.crew.tally()
    }
}
