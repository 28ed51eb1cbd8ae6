//! One client works, all the others wait with ACQ4ANY; its RELEASE tells them all. Latency: from it to the last DONE, or of the slowest acquire of
//! a bystander meanwhile.

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
    /// The number of a client that wants another key.
    bystander: Option<usize>,
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
            bystander: None,
            acquire: format!("ACQ4ANY stampede 1 {clients} {WAIT_SECONDS}\n").into_bytes(),
        })
    }

    /// Connects a bystander as well.
    pub(crate) fn beside(address: SocketAddr, waiters: usize) -> Result<Stampede> {
        let mut stampede = Stampede::new(address, waiters)?;
        stampede.bystander = Some(stampede.fleet.join(address)?);
        Ok(stampede)
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

    /// RELEASE, and how long the bystander's slowest acquire takes before all know. Nobody reads its DONE meanwhile, so nothing else is measured.
    fn release_beside(&mut self, bystander: usize, slice: &mut Slice) -> Result<Duration> {
        let crew = &mut self.fleet.crew;
        crew.send(HOLDER, RELEASE, Answer::Released, Instant::now())?;
        let mut slowest = Duration::ZERO;
        while crew.receive(HOLDER)?.is_none() {
            let start = Instant::now();
            crew.send(bystander, b"ACQ4ME bystander 1 1 0\n", Answer::Locked, start)?;
            crew.await_answer(bystander)?;
            slowest = slowest.max(start.elapsed());
            crew.send(bystander, RELEASE, Answer::Released, start)?;
            crew.await_answer(bystander)?;
            slice.answered(2);
        }
        (1..=self.waiters).try_for_each(|waiter| crew.await_answer(waiter))?;
        Ok(slowest)
    }
}

impl Scenario for Stampede {
    fn run(&mut self, slice: &mut Slice) -> Result<()> {
        while slice.begin() {
            slice.answered(self.gather()?);
            let latency = match self.bystander {
                Some(bystander) => self.release_beside(bystander, slice)?,
                None => self.release()?,
            };
            slice.latency(latency);
            slice.answered(self.waiters as u64 + 2);
            slice.tick(Instant::now());
        }
        Ok(())
    }

    fn tally(&self) -> Tally {
        self.fleet.crew.tally()
    }
}
