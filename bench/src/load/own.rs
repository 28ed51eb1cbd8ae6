//! Each client acquires and releases a key of its own, as fast as it is answered. Latency: of each command.

use std::net::SocketAddr;
use std::time::Instant;

use anyhow::Result;

use super::client::{Answer, RELEASE};
use super::fleet::Fleet;
use super::slice::Slice;
use super::{Scenario, Tally};

/// Says how long clients go on, and is told of their commands.
pub(crate) trait Supervisor {
    /// Whether one more cycle may begin.
    fn begin(&mut self) -> bool;

    /// The command that a client had sent was answered.
    fn answered(&mut self, number: usize, sent: Instant, now: Instant) -> Result<()>;
}

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

    /// Works until the supervisor has had enough, and every answer is there.
    pub(crate) fn work(&mut self, supervisor: &mut impl Supervisor) -> Result<()> {
        let Fleet { poller, crew } = &mut self.fleet;
        let mut active = 0;
        for (number, acquire) in self.acquires.iter().enumerate() {
            if supervisor.begin() {
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
                supervisor.answered(number, crew.sent(number), now)?;
                if answer == Answer::Locked {
                    crew.send(number, RELEASE, Answer::Released, now)?;
                } else if supervisor.begin() {
                    crew.send(number, &self.acquires[number], Answer::Locked, now)?;
                } else {
                    active -= 1;
                }
            }
        }
        Ok(())
    }
}

impl Supervisor for Slice {
    fn begin(&mut self) -> bool {
        Slice::begin(self)
    }

    fn answered(&mut self, _number: usize, sent: Instant, now: Instant) -> Result<()> {
        Slice::answered(self, 1);
        self.latency(now - sent);
        self.tick(now);
        Ok(())
    }
}

impl Scenario for Own {
    fn run(&mut self, slice: &mut Slice) -> Result<()> {
        self.work(slice)
    }

    fn tally(&self) -> Tally {
        self.fleet.crew.tally()
    }
}
