//! Clients that stay connected.

use std::net::SocketAddr;
use std::time::Instant;

use anyhow::{Result, ensure};

use super::Tally;
use super::client::{Answer, Client, PATIENCE};
use super::poller::Poller;

/// Connections not yet accepted at any moment. The reference has a backlog of 20.
const WINDOW: usize = 16;

/// Connected clients, known by their number.
pub(crate) struct Fleet {
    pub(crate) poller: Poller,
    pub(crate) crew: Crew,
}

/// The clients and their answers, without the poller.
pub(crate) struct Crew {
    pub(crate) clients: Vec<Client>,
    /// What was received since the start.
    pub(crate) tally: Tally,
}

impl Fleet {
    /// Connects `count` clients, each of which has been answered once when this returns.
    pub(crate) fn connect(address: SocketAddr, count: usize) -> Result<Fleet> {
        let mut fleet = Fleet {
            poller: Poller::new(PATIENCE)?,
            crew: Crew { clients: Vec::with_capacity(count), tally: Tally::default() },
        };
        while fleet.len() < count {
            fleet.add(address, WINDOW.min(count - fleet.len()))?;
        }
        Ok(fleet)
    }

    /// The number of clients.
    pub(crate) fn len(&self) -> usize {
        self.crew.clients.len()
    }

    /// Sends a greeting from every client again. No client may hold a lock or wait.
    pub(crate) fn greet(&mut self) -> Result<()> {
        self.ask_all(|_| "RELEASE\n".to_owned(), Answer::NotLocked)
    }

    /// Sends a command from every client, and waits for all answers.
    pub(crate) fn ask_all(&mut self, command: impl Fn(usize) -> String, answer: Answer) -> Result<()> {
        for number in 0..self.len() {
            self.crew.clients[number].send(command(number).as_bytes(), answer, Instant::now())?;
        }
        self.receive(self.len())
    }

    /// The first client takes the lock. The others send the same line and wait for the given answer.
    pub(crate) fn queue(&mut self, acquire: &[u8], waiters: usize, answer: Answer) -> Result<()> {
        self.crew.clients[0].send(acquire, Answer::Locked, Instant::now())?;
        self.receive(1)?;
        (1..=waiters).try_for_each(|number| self.crew.clients[number].send(acquire, answer, Instant::now()))
    }

    fn add(&mut self, address: SocketAddr, count: usize) -> Result<()> {
        for _ in 0..count {
            let client = Client::greeting(address)?;
            self.poller.watch(&client, self.crew.clients.len(), false)?;
            self.crew.clients.push(client);
        }
        self.receive(count)
    }

    /// Waits for this number of answers.
    fn receive(&mut self, mut owed: usize) -> Result<()> {
        while owed > 0 {
            for number in self.poller.wait()? {
                owed -= usize::from(self.crew.receive(number)?.is_some());
            }
        }
        Ok(())
    }
}

impl Crew {
    /// Reads a client's bytes, and counts an answer.
    pub(crate) fn receive(&mut self, number: usize) -> Result<Option<Answer>> {
        let answer = self.clients[number].receive()?;
        match answer {
            Some(Answer::Locked) => self.tally.locked += 1,
            Some(Answer::Released) => self.tally.released += 1,
            Some(Answer::NotLocked) => self.tally.not_locked += 1,
            Some(Answer::Done) | None => {}
        }
        Ok(answer)
    }

    /// Waits for the answer of one client. It polls in a loop, because sleeping would be measured as well.
    pub(crate) fn await_answer(&mut self, number: usize) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while self.receive(number)?.is_none() {
            ensure!(Instant::now() < deadline, "a client was not answered");
        }
        Ok(())
    }
}
