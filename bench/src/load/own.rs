//! Each client acquires and releases a key of its own, as fast as it is answered. Latency: of each command.

use std::net::SocketAddr;
use std::time::Instant;

use anyhow::Result;

use super::client::{Answer, RELEASE};
use super::fleet::Fleet;
use super::slice::Slice;
use super::{Scenario, Tally};

/// Clients that do not meet.
pub(crate) struct Own {
    fleet: Fleet,
    acquires: Vec<Box<[u8]>>,
}

impl Own {
    /// Connects `connections` clients.
    pub(crate) fn new(address: SocketAddr, connections: usize) -> Result<Own> {
        let acquire = |number| format!("ACQ4ME own-{number} 1 1 1\n").into_bytes();
        Ok(Own {
            fleet: Fleet::connect(address, connections)?,
            acquires: (0..connections).map(|number| acquire(number).into()).collect(),
        })
    }
}

impl Scenario for Own {
    fn run(&mut self, slice: &mut Slice) -> Result<()> {
        let Fleet { poller, crew } = &mut self.fleet;
        let mut active = 0;
        for (number, acquire) in self.acquires.iter().enumerate() {
            if slice.begin() {
                crew.send(number, acquire, Answer::Locked, Instant::now())?;
                active += 1;
            }
        }
        while active > 0 {
            for number in poller.wait()? {
                let Some(answer) = crew.receive(number)? else {
                    continue;
                };
                let now = Instant::now();
                slice.answered(1);
                slice.latency(now - crew.sent(number));
                slice.tick(now);
                if answer == Answer::Locked {
                    crew.send(number, RELEASE, Answer::Released, now)?;
                } else if slice.begin() {
                    crew.send(number, &self.acquires[number], Answer::Locked, now)?;
                } else {
                    active -= 1;
                }
            }
        }
        Ok(())
    }

    fn tally(&self) -> Tally {
        self.fleet.crew.tally()
    }
}
