//! A driver of the state machine: it returns the steps of the client, and reports their results.

use poolcounter::Timestamp;
use poolcounter::client::{
    AcquireOutcome, Call, Client, Failure, Knowledge, Lock, Outcome, ReleaseOutcome, Request, Server, Settings, Step,
};
use poolcounter::protocol::Mode;
use std::time::Duration;

pub(crate) const A: &str = "10.0.0.1";
pub(crate) const B: &str = "10.0.0.2";

pub(crate) const ACQUIRE: &[u8] = b"ACQ4ME k 1 10 2\n";

/// A socket is the number of its connection.
pub(crate) struct Driver {
    pub(crate) client: Client<u32>,
    pub(crate) connections: u32,
    pub(crate) now: Timestamp,
}

/// A step of the client, with names that a test compares.
#[derive(Debug, PartialEq)]
pub(crate) enum Wants {
    Connect(String),
    LookUp(String),
    Await,
    Pause,
    Acknowledged(u32),
    Send(u32, Vec<u8>),
    Receive(u32),
    End(Result<Outcome, Failure>),
}

impl Driver {
    pub(crate) fn new(servers: &[&str], change: impl FnOnce(&mut Settings)) -> Self {
        Self::with_knowledge(servers, change, &mut Knowledge::new())
    }

    pub(crate) fn with_knowledge(
        servers: &[&str],
        change: impl FnOnce(&mut Settings),
        knowledge: &mut Knowledge,
    ) -> Self {
        let servers = servers.iter().map(|server| Server::parse(server).expect("a server")).collect();
        let mut settings = Settings::new(servers);
        change(&mut settings);
        Self { client: Client::with_knowledge(settings, knowledge), connections: 0, now: Timestamp::from_micros(5) }
    }

    /// Begins to acquire a lock for which it may wait for two seconds.
    pub(crate) fn acquire(&self) -> Call {
        self.acquire_within(2)
    }

    pub(crate) fn acquire_within(&self, timeout: u32) -> Call {
        let request = Request::new(b"k").mode(Mode::ForMe).maxqueue(10).timeout_seconds(timeout);
        self.client.acquire(&request, self.now).expect("a good request")
    }

    pub(crate) fn step(&mut self, call: &mut Call) -> Wants {
        match self.client.step(call, self.now) {
            Step::LookUp { host, .. } => Wants::LookUp(host.to_owned()),
            Step::Connect { server, .. } => Wants::Connect(server.name().to_owned()),
            Step::AwaitConnection { .. } => Wants::Await,
            Step::Acknowledged { socket, .. } => Wants::Acknowledged(*socket),
            Step::Pause { .. } => Wants::Pause,
            Step::Send { socket, bytes, .. } => Wants::Send(*socket, bytes.to_vec()),
            Step::Receive { socket, .. } => Wants::Receive(*socket),
            Step::Finished(result) => Wants::End(result),
        }
    }

    pub(crate) fn connected(&mut self, call: &mut Call) -> u32 {
        self.connections += 1;
        self.client.connecting(call, self.now);
        self.client.connected(call, self.connections, self.now);
        self.connections
    }

    pub(crate) fn sent(&mut self, call: &mut Call, socket: u32, bytes: &[u8]) {
        assert_eq!(self.step(call), Wants::Send(socket, bytes.to_vec()));
        self.client.sent(call, self.now);
    }

    pub(crate) fn received(&mut self, call: &mut Call, socket: u32, bytes: &[u8]) {
        assert_eq!(self.step(call), Wants::Receive(socket));
        self.client.received(call, bytes, self.now);
    }

    /// Begins to acquire a lock, with an answer timeout.
    pub(crate) fn impatient(&self, timeout: u32, millis: u64) -> Call {
        let request = Request::new(b"k").mode(Mode::ForMe).maxqueue(10).timeout_seconds(timeout);
        self.client.acquire(&request.answer_timeout(Duration::from_millis(millis)), self.now).expect("a good request")
    }

    pub(crate) fn acknowledged(&mut self, call: &mut Call, socket: u32, acknowledged: bool) {
        assert_eq!(self.step(call), Wants::Acknowledged(socket));
        self.client.acknowledged(call, acknowledged, self.now);
    }

    /// Lets time pass.
    pub(crate) fn wait(&mut self, millis: u64) {
        self.now = self.now.after_micros(1_000 * millis);
    }

    /// Acquires and releases, so that a connection is kept. Gives the name of its server.
    pub(crate) fn kept(&mut self) -> (u32, String) {
        let mut call = self.acquire();
        let Wants::Connect(server) = self.step(&mut call) else { panic!("a connection is wanted") };
        let socket = self.connected(&mut call);
        self.sent(&mut call, socket, ACQUIRE);
        self.received(&mut call, socket, b"DONE\n");
        assert_eq!(self.step(&mut call), Wants::End(Ok(Outcome::Acquire(AcquireOutcome::Done))));
        self.wait(1);
        (socket, server)
    }

    /// Asks a server that was silent whether it answers again.
    pub(crate) fn probes(&mut self, call: &mut Call, server: &str) -> u32 {
        assert_eq!(self.step(call), Wants::Connect(server.to_owned()));
        let socket = self.connected(call);
        self.sent(call, socket, b"STATS UPTIME\n");
        socket
    }

    /// Acquires over a new connection.
    pub(crate) fn locked(&mut self) -> (u32, Lock) {
        let mut call = self.acquire();
        assert!(matches!(self.step(&mut call), Wants::Connect(_)));
        let socket = self.connected(&mut call);
        self.sent(&mut call, socket, ACQUIRE);
        self.received(&mut call, socket, b"LOCKED\n");
        (socket, lock(self.step(&mut call)))
    }

    /// Releases without waiting for the answer.
    pub(crate) fn release(&mut self, socket: u32, lock: Lock) {
        let mut call = self.client.release(lock, self.now).expect("a release");
        self.sent(&mut call, socket, b"RELEASE\n");
        assert_eq!(self.step(&mut call), Wants::End(Ok(Outcome::Release(ReleaseOutcome::Released))));
    }
}

pub(crate) fn lock(wants: Wants) -> Lock {
    match wants {
        Wants::End(Ok(Outcome::Acquire(AcquireOutcome::Locked(lock)))) => lock,
        other => panic!("no lock but {other:?}"),
    }
}
