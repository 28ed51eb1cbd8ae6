//! A new connection for each acquire and release, the same number of them for every client. Latency: of the whole, from
//! the connect to the close.

use std::iter;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Error, Result, bail};
use rustix::io::Errno;

use super::client::{Answer, Client, RELEASE};
use super::poller::Poller;
use super::slice::Slice;
use super::sources::Sources;
use super::{Scenario, Tally};

/// How often the end of the slice is checked without events.
const GLANCE: Duration = Duration::from_millis(50);

/// This number of clients at once, each with one connection at a time.
pub(crate) struct Connect {
    address: SocketAddr,
    poller: Poller,
    places: Vec<Place>,
    sources: Sources,
    tally: Tally,
    begun: u64,
}

#[derive(Default)]
struct Place {
    left: u64,
    connection: Option<Connection>,
}

struct Connection {
    client: Client,
    acquire: String,
    acquired: bool,
    locked: bool,
    /// When the first try began.
    started: Instant,
}

impl Connect {
    /// Makes room for `connections` clients; none is connected yet.
    pub(crate) fn new(address: SocketAddr, connections: usize) -> Result<Connect> {
        Ok(Connect {
            address,
            poller: Poller::new(GLANCE)?,
            places: iter::repeat_with(Place::default).take(connections).collect(),
            sources: Sources::new(address),
            tally: Tally::default(),
            begun: 0,
        })
    }

    /// The number of cycles that take about `length`: the same number for each client, and at least four, so that enough
    /// connections are refused at first.
    pub(crate) fn cycles(connections: usize, length: Duration) -> u64 {
        let clients = connections as u64;
        let all = u64::try_from(length.as_millis()).unwrap_or(u64::MAX) * 10;
        (all / clients).max(4) * clients
    }

    /// Gives every client its part of the work and starts it.
    fn begin(&mut self, slice: &mut Slice) -> Result<usize> {
        let clients = self.places.len();
        let mut active = 0;
        while slice.begin() {
            self.places[active % clients].left += 1;
            active += 1;
        }
        let active = active.min(clients);
        for number in 0..active {
            self.open(number, Instant::now())?;
        }
        Ok(active)
    }

    fn open(&mut self, number: usize, started: Instant) -> Result<()> {
        let mut client = Client::new(self.sources.connect(self.address)?)?;
        // Only this connection uses the key, because an abandoned connection may still hold its key.
        let acquire = format!("ACQ4ME connect-{} 1 1 1\n", self.begun);
        self.begun += 1;
        let acquired = client.try_send(acquire.as_bytes(), Answer::Locked, started)?;
        self.poller.watch(&client, number, !acquired)?;
        self.places[number].connection = Some(Connection { client, acquire, acquired, locked: false, started });
        Ok(())
    }

    /// Continues one client. Gives the duration of its transaction when it has ended.
    fn advance(&mut self, number: usize) -> Result<Option<Duration>> {
        let place = &mut self.places[number];
        let Some(connection) = &mut place.connection else {
            bail!("an event on a closed connection");
        };
        let started = connection.started;
        match connection.advance() {
            Ok(Some(Answer::Locked)) => self.tally.locked += 1,
            Ok(Some(_)) => {
                self.tally.released += 1;
                place.left -= 1;
                place.connection = None;
                return Ok(Some(started.elapsed()));
            }
            Ok(None) => {}
            // If a backlog overflows for a long time, connections are reset. The client tries again.
            Err(error) if !connection.locked && is_refusal(&error) => self.open(number, started)?,
            Err(error) => return Err(error),
        }
        Ok(None)
    }

    /// Closes the connections that have not finished when the time has passed. Each counts with this time.
    fn abandon(&mut self, slice: &mut Slice) {
        for place in &mut self.places {
            place.left = 0;
            if let Some(connection) = place.connection.take() {
                slice.latency(connection.started.elapsed());
                self.tally.abandoned += 1;
            }
        }
    }
}

impl Connection {
    fn advance(&mut self) -> Result<Option<Answer>> {
        if !self.acquired {
            self.acquired = self.client.try_send(self.acquire.as_bytes(), Answer::Locked, Instant::now())?;
            return Ok(None);
        }
        let answer = self.client.receive()?;
        if answer == Some(Answer::Locked) {
            self.locked = true;
            self.client.send(RELEASE, Answer::Released, Instant::now())?;
        }
        Ok(answer)
    }
}

impl Scenario for Connect {
    fn run(&mut self, slice: &mut Slice) -> Result<()> {
        let mut active = self.begin(slice)?;
        let mut ready = Vec::new();
        while active > 0 {
            ready.clear();
            ready.extend(self.poller.glance()?);
            for &number in &ready {
                let Some(latency) = self.advance(number)? else {
                    continue;
                };
                slice.answered(1);
                slice.latency(latency);
                if self.places[number].left > 0 {
                    self.open(number, Instant::now())?;
                } else {
                    active -= 1;
                }
            }
            if slice.is_overdue() {
                self.abandon(slice);
                return Ok(());
            }
        }
        Ok(())
    }

    fn tally(&self) -> Tally {
        self.tally
    }
}

fn is_refusal(error: &Error) -> bool {
    matches!(error.downcast_ref(), Some(&(Errno::CONNRESET | Errno::CONNREFUSED | Errno::PIPE | Errno::TIMEDOUT)))
}
