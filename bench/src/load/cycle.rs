//! Clients that acquire and release as fast as they are answered, each a key of its own or all of them the same.

use std::net::SocketAddr;
use std::time::Instant;

use anyhow::{Result, ensure};

use super::client::{Answer, RELEASE};
use super::fleet::Fleet;
use super::slice::Slice;
use super::{Scenario, Tally, WAIT_SECONDS};

/// Decides how long clients continue, and counts their commands.
pub(crate) trait Supervisor {
    /// Whether one more cycle may begin.
    fn begin(&mut self) -> bool;

    /// The command that a client had sent was answered.
    fn answered(&mut self, number: usize, answer: Answer, sent: Instant, now: Instant) -> Result<()>;

    /// A batch of events was read, with this number of grants. All of them had arrived before any of their releases was sent.
    fn taken(&mut self, _grants: usize) -> Result<()> {
        Ok(())
    }
}

/// Such clients.
pub(crate) struct Cycle {
    fleet: Fleet,
    /// A line for each client, or one for all.
    acquires: Vec<Box<[u8]>>,
    shared: bool,
}

impl Cycle {
    /// Connects `connections` clients, each with its own key.
    pub(crate) fn own(address: SocketAddr, connections: usize) -> Result<Cycle> {
        let acquire = |number| format!("ACQ4ME own-{number} 1 1 1\n").into_bytes().into();
        let acquires = (0..connections).map(acquire).collect();
        Ok(Cycle { fleet: Fleet::connect(address, connections)?, acquires, shared: false })
    }

    /// Connects `waiters` clients and one more, who all want one key with ACQ4ME.
    pub(crate) fn shared(address: SocketAddr, waiters: usize) -> Result<Cycle> {
        let clients = waiters + 1;
        let acquire = format!("ACQ4ME shared 1 {clients} {WAIT_SECONDS}\n").into_bytes();
        Ok(Cycle { fleet: Fleet::connect(address, clients)?, acquires: vec![acquire.into()], shared: true })
    }

    /// Works until the supervisor ends it and every answer has come.
    pub(crate) fn work(&mut self, supervisor: &mut impl Supervisor) -> Result<()> {
        let Cycle { fleet: Fleet { poller, crew }, acquires, .. } = self;
        let acquire = |number: usize| acquires.get(number).unwrap_or(&acquires[0]);
        let mut active = 0;
        for number in 0..crew.clients.len() {
            if supervisor.begin() {
                crew.clients[number].send(acquire(number), Answer::Locked, Instant::now())?;
                active += 1;
            }
        }
        while active > 0 {
            let mut grants = 0;
            for number in poller.wait()? {
                let Some(answer) = crew.receive(number)? else {
                    continue;
                };
                let now = Instant::now();
                supervisor.answered(number, answer, crew.clients[number].sent, now)?;
                if answer == Answer::Locked {
                    grants += 1;
                    crew.clients[number].send(RELEASE, Answer::Released, now)?;
                } else if supervisor.begin() {
                    crew.clients[number].send(acquire(number), Answer::Locked, now)?;
                } else {
                    active -= 1;
                }
            }
            supervisor.taken(grants)?;
        }
        Ok(())
    }
}

/// Latency: of each command.
impl Supervisor for Slice {
    fn begin(&mut self) -> bool {
        Slice::begin(self)
    }

    fn answered(&mut self, _number: usize, _answer: Answer, sent: Instant, now: Instant) -> Result<()> {
        self.latency(now - sent);
        self.count(now);
        Ok(())
    }
}

/// Latency: from a RELEASE to the next LOCKED.
struct HandOvers<'a> {
    slice: &'a mut Slice,
    released: Option<Instant>,
}

impl Supervisor for HandOvers<'_> {
    fn begin(&mut self) -> bool {
        self.slice.begin()
    }

    fn answered(&mut self, _number: usize, answer: Answer, _sent: Instant, now: Instant) -> Result<()> {
        if answer == Answer::Locked
            && let Some(released) = self.released.replace(now)
        {
            self.slice.latency(now - released);
        }
        self.slice.count(now);
        Ok(())
    }

    fn taken(&mut self, grants: usize) -> Result<()> {
        ensure!(grants <= 1, "{grants} clients held the key at once");
        Ok(())
    }
}

impl Scenario for Cycle {
    fn run(&mut self, slice: &mut Slice) -> Result<()> {
        if self.shared { self.work(&mut HandOvers { slice, released: None }) } else { self.work(slice) }
    }

    fn tally(&self) -> Tally {
        self.fleet.crew.tally
    }
}
