//! The client for event loops: it never blocks, and says what it waits for.
//!
//! ```no_run
//! use poolcounter::client::{Request, Server, Settings};
//! use poolcounter::nonblocking::{NonblockingClient, Progress};
//!
//! let mut client = NonblockingClient::new(Settings::new(vec![Server::parse("10.0.0.1")?]));
//! let mut call = client.acquire(&Request::new(b"page:1").workers(1).maxqueue(100).timeout_seconds(15))?;
//! let outcome = loop {
//!     match call.progress() {
//!         Progress::Finished(result) => break result?,
//!         Progress::Waiting(wait) => { /* Let the event loop wait for wait.descriptor, and for wait.timeout at the most. */ }
//!         Progress::LookUp(server) => unreachable!("the client looks up server {server} itself"),
//!     }
//! };
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::Timestamp;
use crate::client::{
    AcquireOutcome, Call, Client, Failure, Lock, NotOwned, Outcome, ReleaseOutcome, Request, Settings, Step, typed,
};
use crate::sockets::{self, Attempted, Attempts, Connection, Process, Readiness, now, reason};
use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// A client whose calls never block. Many of them can be under way at once, each on a connection of its own.
///
/// It starts no thread and touches no signal. After a `fork`, the child leaves the parent's connections, locks and calls alone and makes its own connections, also if another
/// thread used the client at that moment. All clients of a process share the state of servers.
///
/// The name of a server is looked up when it is connected to, at most once in ten seconds. By default the client does that by the system's blocking function, in
/// [`progress`](NonblockingCall::progress): this blocks that call, and not the others. With [`Settings::look_ups_by_caller`] nothing blocks at all. An address is not looked up.
///
/// When it is dropped, its connections are closed, and its calls fail. A call fails in a child too that was forked from its process.
#[derive(Debug)]
pub struct NonblockingClient {
    shared: Arc<Shared>,
    settings: Settings,
}

/// What a client and its calls share. Calls may be in other threads.
#[derive(Debug)]
struct Shared {
    process: Process,
    /// Never locked in another process: a thread of the parent may have locked it when the process was forked.
    client: Mutex<Client<Connection>>,
}

/// A call under way, whose answer is of type `A`: [`AcquireOutcome`], [`ReleaseOutcome`], or a text. Dropped before it has finished, it is cancelled: its connection is closed, so the
/// server removes the request from its queue without waking anybody, or grants the lock to the next waiter.
#[derive(Debug)]
#[must_use = "a call that is dropped is cancelled"]
pub struct NonblockingCall<A> {
    pending: Pending,
    answer: PhantomData<fn() -> A>,
}

/// A call of any kind.
#[derive(Debug)]
struct Pending {
    client: Weak<Shared>,
    call: Call,
    attempts: Attempts,
    /// How much of the command is sent.
    sent: usize,
    /// The end of the wait that it was given last.
    until: Option<Timestamp>,
}

/// The state of a call. The list is closed: a program that does not know what a call waits for cannot continue it.
#[derive(Debug)]
#[must_use]
pub enum Progress<A> {
    /// It waits. When the wait is over, call [`NonblockingCall::progress`] again.
    Waiting(Wait),
    /// The caller must look up the name of the server of this index. It begins the look-up, asks again at once, and gives the result to
    /// [`looked_up`](crate::looked_up), even if the call has ended by then. Calls that need the name ask for it every few milliseconds.
    LookUp(usize),
    /// It has ended. Do not ask it again.
    Finished(Result<A, Failure>),
}

/// What a call waits for: its descriptor or its time-out, whichever comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wait {
    /// The descriptor, and what it must be ready for. Without a descriptor the call waits only for the time-out. The descriptor belongs to the client, which
    /// may close it when the call is next driven or cancelled.
    pub descriptor: Option<(RawFd, Direction)>,
    /// How long from now.
    pub timeout: Duration,
}

/// The event that a call waits for on its descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The descriptor can be read.
    Read,
    /// The descriptor can be written to.
    Write,
}

impl NonblockingClient {
    /// A client that has no connection yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { shared: Shared::new(&settings), settings }
    }

    /// How it behaves.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Begins to acquire a lock.
    ///
    /// # Errors
    ///
    /// If the key cannot be sent, or there is no server.
    pub fn acquire(&mut self, request: &Request<'_>) -> Result<NonblockingCall<AcquireOutcome>, Failure> {
        self.begin(|client| client.acquire(request, now()))
    }

    /// Begins to release a lock.
    ///
    /// # Errors
    ///
    /// If the lock belongs to another client, such as the parent's before a fork, it is given back, and nothing is sent.
    pub fn release(&mut self, lock: Lock) -> Result<NonblockingCall<ReleaseOutcome>, NotOwned<Lock>> {
        self.begin(|client| client.release(lock, now()))
    }

    /// Begins to ask the server of this index for `FULL`, `UPTIME` or the name of a counter.
    ///
    /// # Errors
    ///
    /// If there is no such server, or the name cannot be sent.
    pub fn statistics(&mut self, server: usize, name: &str) -> Result<NonblockingCall<String>, Failure> {
        self.begin(|client| client.statistics(server, name, now()))
    }

    /// The work failed: the lock's connection is closed. The next waiter does the work, and no waiter is told that it is done. [`Settings::share_connections`]
    /// describes the other locks of the connection.
    ///
    /// # Errors
    ///
    /// If the lock belongs to another client, such as the parent's before a fork, it is given back, and nothing is done.
    pub fn abandon(&mut self, lock: Lock) -> Result<(), NotOwned<Lock>> {
        self.enter().abandon(lock)
    }

    /// Closes every connection. Held locks are abandoned, and calls that wait for an answer fail.
    pub fn close(&mut self) {
        self.enter().close();
    }

    fn enter(&mut self) -> MutexGuard<'_, Client<Connection>> {
        if !self.shared.process.is_current() {
            // A thread of the parent that was inside has a reference of its own, so that the old one is not dropped.
            self.shared = Shared::new(&self.settings);
        }
        self.shared.enter()
    }

    fn begin<A, E>(
        &mut self,
        begin: impl FnOnce(&Client<Connection>) -> Result<Call, E>,
    ) -> Result<NonblockingCall<A>, E> {
        let call = begin(&self.enter())?;
        let client = Arc::downgrade(&self.shared);
        let pending = Pending { client, call, attempts: Attempts::default(), sent: 0, until: None };
        Ok(NonblockingCall { pending, answer: PhantomData })
    }
}

impl Shared {
    fn new(settings: &Settings) -> Arc<Self> {
        let client = Mutex::new(sockets::client(settings.clone()));
        Arc::new(Self { process: Process::current(), client })
    }

    /// After a panic in a call the client continues without this call, whose connection is not used again.
    fn enter(&self) -> MutexGuard<'_, Client<Connection>> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<A: TryFrom<Outcome>> NonblockingCall<A> {
    /// Continues the call as far as possible without blocking. Use it at once, and again whenever the descriptor is ready or the time-out has passed. Too early
    /// is harmless.
    pub fn progress(&mut self) -> Progress<A> {
        match self.pending.progress(sockets::look_up) {
            Progress::Waiting(wait) => Progress::Waiting(wait),
            Progress::LookUp(server) => Progress::LookUp(server),
            Progress::Finished(result) => Progress::Finished(typed(result)),
        }
    }
}

impl<A> NonblockingCall<A> {
    /// The same call with an answer of any kind, for programs that keep calls of all kinds in one place.
    pub fn untyped(self) -> NonblockingCall<Outcome> {
        NonblockingCall { pending: self.pending, answer: PhantomData }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(client) = self.client() {
            client.enter().abandon_call(&self.call);
        }
    }
}

impl Pending {
    /// What it shares with its client, unless that was dropped or belongs to a parent of this process.
    fn client(&self) -> Option<Arc<Shared>> {
        self.client.upgrade().filter(|client| client.process.is_current())
    }

    fn progress(&mut self, look_up: impl Fn(&str) -> Result<Vec<String>, String>) -> Progress<Outcome> {
        loop {
            let Some(shared) = self.client() else { return Progress::Finished(Err(Failure::ClientDropped)) };
            let mut client = shared.enter();
            let progress = Driven(&mut client).progress(self);
            let Progress::LookUp(server) = progress else { return progress };
            let settings = client.settings();
            let host = settings.servers().get(server).and_then(|server| server.target().host());
            let (Some(host), false) = (host.map(str::to_owned), settings.look_ups_by_caller) else { return progress };
            // The client is free for its other calls meanwhile, and may be dropped.
            drop(client);
            drop(shared);
            let found = look_up(&host);
            if let Some(shared) = self.client() {
                shared.enter().looked_up(server, found, now());
            }
        }
    }
}

/// The client, while one of its calls goes on.
struct Driven<'a>(&'a mut Client<Connection>);

impl Driven<'_> {
    fn progress(&mut self, pending: &mut Pending) -> Progress<Outcome> {
        let mut just_sent = false;
        // A busy event loop calls late. Bytes that are there by then may have come in time, so they count before the deadline does.
        let mut in_time = pending.until.take().map(just_before);
        loop {
            let now = now();
            match self.advance(pending, in_time.map_or(now, |in_time| in_time.min(now)), just_sent) {
                Advance::Event(event) => {
                    in_time = None;
                    just_sent = self.tell(pending, event);
                }
                Advance::Wait(_, until) if now >= until && in_time.take().is_some() => {}
                Advance::Wait(descriptor, until) => {
                    pending.until = Some(until);
                    let timeout = Duration::from_micros(until.micros_since(now));
                    return Progress::Waiting(Wait { descriptor, timeout });
                }
                Advance::LookUp(server) => return Progress::LookUp(server),
                Advance::Finished(result) => return Progress::Finished(result),
            }
        }
    }

    /// Takes the call's next step, if that can be done now.
    fn advance(&mut self, pending: &mut Pending, now: Timestamp, just_sent: bool) -> Advance {
        let step = self.0.step(&mut pending.call, now);
        let attempts = &mut pending.attempts;
        if !matches!(step, Step::Connect { .. } | Step::AwaitConnection { .. }) {
            attempts.clear();
        }
        match step {
            Step::Finished(result) => Advance::Finished(result),
            Step::Pause { until } => Advance::Wait(None, until),
            Step::LookUp { index, .. } => {
                self.0.looking_up(&mut pending.call);
                Advance::LookUp(index)
            }
            Step::Connect { endpoint, attempt, .. } => Advance::Event(Event::Begun(attempts.begin(endpoint, attempt))),
            Step::AwaitConnection { until } => match attempts.check() {
                Some(attempted) => Advance::Event(Event::Attempted(attempted)),
                None => match attempts.descriptor() {
                    Ok(descriptor) => Advance::Wait(
                        descriptor.map(|(descriptor, readiness)| (descriptor, readiness.into())),
                        attempts.longest_wait().map_or(until, |longest| {
                            now.after_micros(u64::try_from(longest.as_micros()).unwrap_or(u64::MAX)).min(until)
                        }),
                    ),
                    Err(error) => Advance::Event(Event::Attempted(Attempted::Failed(error))),
                },
            },
            Step::Acknowledged { socket, .. } => Advance::Event(Event::Acknowledged(socket.is_acknowledged())),
            Step::Send { socket, bytes, deadline } => match socket.send(&bytes[pending.sent..]) {
                Ok(length) => {
                    pending.sent += length;
                    Advance::Event(if pending.sent < bytes.len() { Event::Again } else { Event::Sent })
                }
                Err(error) => too_early_or_failed(error, socket, Direction::Write, deadline),
            },
            // The answer cannot be there yet.
            Step::Receive { socket, deadline } if just_sent => {
                Advance::Wait(Some((socket.socket().as_raw_fd(), Direction::Read)), deadline)
            }
            Step::Receive { socket, deadline } => {
                let mut bytes = [0; 1024];
                match socket.receive(&mut bytes) {
                    Ok(length) => Advance::Event(Event::Received(bytes[..length].to_vec())),
                    Err(error) => too_early_or_failed(error, socket, Direction::Read, deadline),
                }
            }
        }
    }

    /// Reports an event to the state machine. True if a command was just sent.
    fn tell(&mut self, pending: &mut Pending, event: Event) -> bool {
        let (now, call) = (now(), &mut pending.call);
        let mut just_sent = false;
        match event {
            Event::Again => return false,
            Event::Begun(attempted) => {
                self.0.connecting(call, now);
                if let Some(attempted) = attempted {
                    self.attempted(call, attempted, now);
                }
            }
            Event::Attempted(attempted) => self.attempted(call, attempted, now),
            Event::Acknowledged(acknowledged) => self.0.acknowledged(call, acknowledged, now),
            Event::Sent => {
                self.0.sent(call, now);
                just_sent = true;
            }
            Event::Received(bytes) => self.0.received(call, &bytes, now),
            Event::Failed(error) => self.0.failed(call, &reason(&error), now),
        }
        pending.sent = 0;
        just_sent
    }

    fn attempted(&mut self, call: &mut Call, attempted: Attempted, now: Timestamp) {
        match attempted {
            Attempted::Connected(connection) => self.0.connected(call, connection, now),
            Attempted::Failed(error) => self.0.connect_failed(call, &reason(&error)),
        }
    }
}

impl From<Readiness> for Direction {
    fn from(readiness: Readiness) -> Self {
        match readiness {
            Readiness::Read => Self::Read,
            Readiness::Write => Self::Write,
        }
    }
}

/// The result of a try of the next step.
enum Advance {
    Event(Event),
    Wait(Option<(RawFd, Direction)>, Timestamp),
    LookUp(usize),
    Finished(Result<Outcome, Failure>),
}

enum Event {
    /// Nothing yet, but there is more to do.
    Again,
    Begun(Option<Attempted>),
    Attempted(Attempted),
    Acknowledged(bool),
    Sent,
    Received(Vec<u8>),
    Failed(io::Error),
}

fn just_before(moment: Timestamp) -> Timestamp {
    Timestamp::from_micros(moment.as_micros().saturating_sub(1))
}

fn too_early_or_failed(error: io::Error, socket: &Connection, direction: Direction, deadline: Timestamp) -> Advance {
    match error.kind() {
        io::ErrorKind::WouldBlock => Advance::Wait(Some((socket.socket().as_raw_fd(), direction)), deadline),
        io::ErrorKind::Interrupted => Advance::Event(Event::Again),
        _ => Advance::Event(Event::Failed(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Server;
    use std::sync::mpsc::channel;
    use std::thread;

    #[test]
    fn a_look_up_blocks_its_own_call_alone() {
        let servers = ["name.invalid", "unix:/nonexistent/poolcounter"].map(|server| Server::parse(server).ok());
        let mut client = NonblockingClient::new(Settings::new(servers.into_iter().flatten().collect()));
        let mut first = client.statistics(0, "UPTIME").ok();
        let (begins, begun) = channel();
        let (ends, end) = channel();
        let thread = thread::spawn(move || {
            let look_up = |host: &str| {
                begins.send(host.to_owned()).ok();
                end.recv().ok();
                Err("no such name".to_owned())
            };
            first.as_mut().map(|call| call.pending.progress(look_up))
        });
        assert_eq!(begun.recv(), Ok("name.invalid".to_owned()));
        let (tells, told) = channel();
        thread::spawn(move || {
            let call = client.statistics(1, "UPTIME");
            tells.send(call.map(|mut call| matches!(call.progress(), Progress::Finished(Err(_))))).ok();
        });
        let other = told.recv_timeout(Duration::from_secs(20));
        ends.send(()).ok();
        assert_eq!(other, Ok(Ok(true)));
        let result = thread.join();
        assert!(
            matches!(result, Ok(Some(Progress::Finished(Err(Failure::ClientDropped | Failure::Connect { .. }))))),
            "{result:?}"
        );
    }
}
