//! One key, taken with ACQ4ME, goes from client to client. Latency: from a RELEASE to the next LOCKED.

use std::net::SocketAddr;
use std::time::Instant;

use anyhow::{Result, ensure};

use super::client::{Answer, RELEASE};
use super::fleet::Fleet;
use super::slice::Slice;
use super::{Scenario, Tally, WAIT_SECONDS};

/// One holder, and all the others waiting.
pub(crate) struct Shared {
    fleet: Fleet,
    acquire: Vec<u8>,
}

impl Shared {
    /// Connects `waiters` clients and one more.
    pub(crate) fn new(address: SocketAddr, waiters: usize) -> Result<Shared> {
        let clients = waiters + 1;
        Ok(Shared {
            fleet: Fleet::connect(address, clients)?,
            acquire: format!("ACQ4ME shared 1 {clients} {WAIT_SECONDS}\n").into_bytes(),
        })
    }
}

impl Scenario for Shared {
    fn run(&mut self, slice: &mut Slice) -> Result<()> {
        let Fleet { poller, crew } = &mut self.fleet;
        let mut active = 0;
        for number in 0..crew.len() {
            if slice.begin() {
                crew.send(number, &self.acquire, Answer::Locked, Instant::now())?;
                active += 1;
            }
        }
        let mut released = None;
        while active > 0 {
            let mut locked = 0;
            for number in poller.wait()? {
                let Some(answer) = crew.receive(number)? else {
                    continue;
                };
                let now = Instant::now();
                slice.answered(1);
                slice.tick(now);
                if answer == Answer::Locked {
                    locked += 1;
                    if let Some(released) = released.replace(now) {
                        slice.latency(now - released);
                    }
                    crew.send(number, RELEASE, Answer::Released, now)?;
                } else if slice.begin() {
                    crew.send(number, &self.acquire, Answer::Locked, now)?;
                } else {
                    active -= 1;
                }
            }
            // All of a batch was there before any of its releases was sent.
            ensure!(locked <= 1, "{locked} clients held the key at once");
        }
        Ok(())
    }

    fn tally(&self) -> Tally {
        self.fleet.crew.tally()
    }
}
