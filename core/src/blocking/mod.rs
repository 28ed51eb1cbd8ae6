//! The client over blocking sockets.
//!
//! ```no_run
//! use poolcounter::blocking::BlockingClient;
//! use poolcounter::client::{AcquireOutcome, Request, Server, Settings};
//!
//! let mut client = BlockingClient::new(Settings::new(vec![Server::parse("10.0.0.1")?]));
//! match client.acquire(&Request::new(b"page:1").workers(1).maxqueue(100).timeout_seconds(15))? {
//!     AcquireOutcome::Locked(lock) => {
//!         // Compute, then:
//!         client.release(lock)?;
//!     }
//!     AcquireOutcome::Done => { /* Somebody else did the work: read the cache. */ }
//!     _ => { /* Serve something stale. */ }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod socket;

use crate::Timestamp;
use crate::client::{
    AcquireOutcome, Call, Client, Failure, Lock, NotOwned, NotReleased, Outcome, ReleaseOutcome, Request, Settings,
    Step, typed,
};
use crate::sockets::{self, Attempted, Attempts, ForkGuard, now, reason};
use socket::Socket;
use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

/// How often a wait until a signal ends, for the signal that came just before the wait began.
const SIGNAL_CHECK: Duration = Duration::from_secs(1);

/// A client whose calls block until their answer is there, or their deadline has passed.
///
/// It starts no thread and touches no signal. After a `fork`, the child leaves the parent's connections and locks alone and makes its own. All clients of a
/// process share the state of servers. The name of a server is looked up by the system, in which no deadline can be set, at most once in ten
/// seconds: an address is the safer configuration.
#[derive(Debug)]
pub struct BlockingClient {
    client: Client<Socket>,
    fork_guard: ForkGuard,
    asked: Option<usize>,
    /// The wait that a signal has ended for now.
    interrupted: Option<Box<Call>>,
}

impl BlockingClient {
    /// A client that has no connection yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { client: sockets::client(settings), fork_guard: ForkGuard::new(), asked: None, interrupted: None }
    }

    /// How it behaves.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        self.client.settings()
    }

    /// The index of the server that the last call asked. If the call has failed, its [`Failure`] names the server.
    #[must_use]
    pub fn asked(&self) -> Option<usize> {
        self.asked
    }

    /// Acquires a lock.
    ///
    /// # Errors
    ///
    /// If the key cannot be sent, or no server gave an answer: then do the work unprotected.
    pub fn acquire(&mut self, request: &Request<'_>) -> Result<AcquireOutcome, Failure> {
        self.leave_parents_connections();
        let call = self.client.acquire(request, now())?;
        self.drive(call)
    }

    /// Acquires a lock as [`acquire`](Self::acquire) does, but a signal interrupts the wait when its handler has run. It is for programs whose handlers only
    /// set a flag. The wait is also interrupted once a second, because a signal may have come just before it began. An earlier interrupted wait is cancelled.
    ///
    /// # Errors
    ///
    /// As with [`acquire`](Self::acquire).
    pub fn acquire_until_signal(&mut self, request: &Request<'_>) -> Result<UntilSignal, Failure> {
        self.leave_parents_connections();
        self.cancel_interrupted();
        let call = self.client.acquire(request, now())?;
        self.wait_until_signal(Box::new(call))
    }

    /// Continues the interrupted wait until its answer, its deadline or the next signal. Does nothing if there is no such wait.
    ///
    /// # Errors
    ///
    /// As with [`acquire`](Self::acquire).
    pub fn resume(&mut self) -> Option<Result<UntilSignal, Failure>> {
        self.leave_parents_connections();
        let call = self.interrupted.take()?;
        Some(self.wait_until_signal(call))
    }

    /// Cancels the interrupted wait, if there is one. Its connection is closed, and the server removes the request from the queue without telling other
    /// clients.
    pub fn cancel_interrupted(&mut self) {
        if let Some(call) = self.interrupted.take() {
            self.client.abandon_call(&call);
        }
    }

    /// Releases a lock: all for-anyone waiters are told that the result is there.
    ///
    /// # Errors
    ///
    /// If the lock belongs to another client, such as the parent's before a fork, it is given back, and nothing is sent. With [`Settings::await_release`] also
    /// if no answer came.
    pub fn release(&mut self, lock: Lock) -> Result<ReleaseOutcome, NotReleased> {
        self.leave_parents_connections();
        let call = self.client.release(lock, now())?;
        Ok(self.drive(call)?)
    }

    /// Sends a release to the key's server although no lock is held, and waits for the answer.
    ///
    /// # Errors
    ///
    /// If no server gave an answer.
    pub fn release_nothing(&mut self, key: &[u8]) -> Result<ReleaseOutcome, Failure> {
        self.leave_parents_connections();
        let call = self.client.release_nothing(key, now())?;
        self.drive(call)
    }

    /// Asks the server of this index for `FULL`, `UPTIME` or the name of a counter.
    ///
    /// # Errors
    ///
    /// If the server gave no answer, or has no such statistic.
    pub fn statistics(&mut self, server: usize, name: &str) -> Result<String, Failure> {
        self.leave_parents_connections();
        let call = self.client.statistics(server, name, now())?;
        self.drive(call)
    }

    /// The work failed: the lock's connection is closed. The next waiter does the work, and no waiter is told that it is done. [`Settings::share_connections`]
    /// describes the other locks of the connection.
    ///
    /// # Errors
    ///
    /// If the lock belongs to another client, such as the parent's before a fork, it is given back, and nothing is done.
    pub fn abandon(&mut self, lock: Lock) -> Result<(), NotOwned<Lock>> {
        self.leave_parents_connections();
        self.client.abandon(lock)
    }

    /// The descriptor of a lock's connection, for programs that must know at once when the lock is lost. It becomes readable when the server has ended the
    /// connection or its host has vanished, and not before. Only wait for it, and do not read from it. None if the connection is known to have ended, or the
    /// lock belongs to another client.
    #[must_use]
    pub fn descriptor(&self, lock: &Lock) -> Option<BorrowedFd<'_>> {
        self.client.connection(lock).filter(|socket| socket.is_of_this_process()).map(Socket::as_fd)
    }

    /// Abandons every held lock and the interrupted wait. Idle connections stay open.
    pub fn abandon_all(&mut self) {
        self.interrupted = None;
        self.client.abandon_all();
    }

    /// Closes every connection. Held locks and the interrupted wait are abandoned.
    pub fn close(&mut self) {
        self.interrupted = None;
        self.client.close();
    }

    fn leave_parents_connections(&mut self) {
        if self.fork_guard.was_forked() {
            // It is another one, so that it has neither the locks nor the calls of the parent's.
            self.client = sockets::client(self.client.settings().clone());
            self.interrupted = None;
        }
    }

    fn drive<A: TryFrom<Outcome>>(&mut self, mut call: Call) -> Result<A, Failure> {
        loop {
            if let Some(result) = self.run(&mut call, false) {
                return typed(result);
            }
        }
    }

    fn wait_until_signal(&mut self, mut call: Box<Call>) -> Result<UntilSignal, Failure> {
        if let Some(result) = self.run(&mut call, true) {
            return typed(result).map(UntilSignal::Answered);
        }
        self.interrupted = Some(call);
        Ok(UntilSignal::Interrupted)
    }

    /// The call's result; none if a signal came first, where that ends the wait.
    fn run(&mut self, call: &mut Call, until_signal: bool) -> Option<Result<Outcome, Failure>> {
        let mut buffer = [0; 1024];
        let mut attempts = Attempts::default();
        let mut time = now();
        loop {
            let step = self.client.step(call, time);
            if !matches!(step, Step::Connect { .. } | Step::AwaitConnection { .. }) {
                attempts.clear();
            }
            let event = match step {
                Step::Finished(result) => {
                    self.asked = Some(call.server());
                    return Some(result);
                }
                Step::Pause { until } => {
                    std::thread::sleep(between(time, until));
                    Event::Nothing
                }
                Step::LookUp { index, host } => Event::LookedUp(index, sockets::look_up(host)),
                Step::Connect { endpoint, attempt, .. } => Event::Begun(attempts.begin(endpoint, attempt)),
                Step::AwaitConnection { until } => match attempts.check() {
                    Some(attempted) => Event::Attempted(attempted),
                    None => match attempts.wait(between(time, until)) {
                        Ok(()) => attempts.check().map_or(Event::Nothing, Event::Attempted),
                        Err(error) => Event::Attempted(Attempted::Failed(error)),
                    },
                },
                Step::Send { socket, bytes, deadline } => Event::Sent(socket.send(bytes, between(time, deadline))),
                Step::Receive { socket, deadline } => {
                    let timeout = between(time, deadline).min(if until_signal { SIGNAL_CHECK } else { Duration::MAX });
                    Event::Received(socket.receive(timeout, &mut buffer).map(|length| &buffer[..length]))
                }
                Step::Acknowledged { socket, .. } => Event::Acknowledged(socket.is_acknowledged()),
            };
            if until_signal && event.is_early() {
                return None;
            }
            time = now();
            self.tell(call, event, time);
        }
    }

    fn tell(&mut self, call: &mut Call, event: Event<'_>, now: Timestamp) {
        match event {
            Event::LookedUp(index, found) => {
                self.client.looking_up(call);
                self.client.looked_up(index, found, now);
            }
            Event::Begun(attempted) => {
                self.client.connecting(call, now);
                if let Some(attempted) = attempted {
                    self.tell(call, Event::Attempted(attempted), now);
                }
            }
            Event::Attempted(Attempted::Connected(connection)) => match Socket::new(connection) {
                Ok(socket) => self.client.connected(call, socket, now),
                Err(error) => self.client.connect_failed(call, &reason(&error)),
            },
            Event::Attempted(Attempted::Failed(error)) => self.client.connect_failed(call, &reason(&error)),
            Event::Sent(Ok(())) => self.client.sent(call, now),
            Event::Received(Ok(bytes)) => self.client.received(call, bytes, now),
            Event::Acknowledged(acknowledged) => self.client.acknowledged(call, acknowledged, now),
            Event::Nothing => {}
            // The state machine checks the deadline: a signal may have ended the wait early.
            Event::Received(Err(error)) if is_early(&error) => {}
            Event::Sent(Err(error)) | Event::Received(Err(error)) => self.client.failed(call, &reason(&error), now),
        }
    }
}

/// The result of [`BlockingClient::acquire_until_signal`]. The list is closed: a program that does not know a result cannot go on.
#[derive(Debug)]
#[must_use]
pub enum UntilSignal {
    /// The server's answer.
    Answered(AcquireOutcome),
    /// A signal came first, or a second has passed. The client keeps the wait: [resume](BlockingClient::resume) it, or [cancel](BlockingClient::cancel_interrupted) it.
    Interrupted,
}

enum Event<'a> {
    Nothing,
    LookedUp(usize, Result<Vec<String>, String>),
    Begun(Option<Attempted>),
    Attempted(Attempted),
    Sent(io::Result<()>),
    Received(io::Result<&'a [u8]>),
    Acknowledged(bool),
}

impl Event<'_> {
    fn is_early(&self) -> bool {
        matches!(self, Self::Received(Err(error)) if is_early(error))
    }
}

fn between(now: Timestamp, until: Timestamp) -> Duration {
    Duration::from_micros(until.micros_since(now))
}

/// Whether nothing has come yet, or a signal has ended the wait early.
fn is_early(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock)
}
