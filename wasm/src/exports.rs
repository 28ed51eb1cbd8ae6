//! The engine, as JavaScript sees it: numbers and bytes alone, and one action at a time.

#![allow(clippy::float_cmp, reason = "wasm_bindgen compares the numbers of an enum so")]

use poolcounter::Timestamp;
use poolcounter::client::{AcquireOutcome, Failure, Outcome, ReleaseOutcome, Request, Target};
use poolcounter::protocol::Mode;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use crate::engine::{self, Answer};
use crate::settings::{Config, micros, milliseconds};
use crate::sockets::End;

/// How many bytes may come at once.
const INBOX: usize = 16 * 1024;

/// The next action for JavaScript.
#[wasm_bindgen]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing.
    None,
    /// Look up [`Engine::host`] of the server of this index; then [`Engine::found`] or [`Engine::not_found`].
    LookUp,
    /// Connect the socket to [`Engine::server`], by [`Engine::address`] and [`Engine::port`].
    Connect,
    /// Send the bytes that [`Engine::bytes`] points at on the socket.
    Send,
    /// Close the socket.
    Close,
    /// Settle the call with [`Engine::result`].
    Finish,
    /// The connection of [`Engine::lock`] broke: tell its holder.
    LockLost,
    /// Check whether the other host has acknowledged all that was sent on the socket; then [`Engine::asked`].
    CheckAcknowledged,
}

/// How a call ended.
#[wasm_bindgen]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Result {
    /// The lock [`Engine::lock`] is held.
    Locked,
    /// Somebody else did the work.
    Done,
    /// Too many hold the key or wait.
    QueueFull,
    /// The wait was too long.
    Timeout,
    /// The connection has too many locks.
    LockHeld,
    /// The release succeeded.
    Released,
    /// There was no lock.
    NotLocked,
    /// [`Engine::text`] is the answer.
    Statistics,
    /// No server is configured. This and what follows are failures: [`Engine::message`], [`Engine::failed_server`] and [`Engine::text`] say which.
    NoServer,
    /// The key cannot be sent.
    BadKey,
    /// No connection.
    Connect,
    /// The command could not be sent.
    Write,
    /// No answer.
    Read,
    /// The server refused.
    Remote,
}

/// A client of servers. All moments are in milliseconds of one monotonic clock.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Engine {
    inner: engine::Engine,
    server: usize,
    address: String,
    bytes: Vec<u8>,
    inbox: Box<[u8]>,
    ended: Ended,
}

/// The result of a call, taken apart.
#[derive(Debug)]
struct Ended {
    result: Result,
    lock: f64,
    message: String,
    server: String,
    text: String,
}

#[wasm_bindgen]
impl Engine {
    /// A client without connections.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(config: Config) -> Self {
        let inner = engine::Engine::new(config.into_settings());
        let inbox = vec![0; INBOX].into_boxed_slice();
        Self { inner, server: 0, address: String::new(), bytes: Vec::new(), inbox, ended: Ended::new(Result::Done) }
    }

    /// The host of a server, or the path of its Unix socket.
    #[must_use]
    pub fn host(&self, server: usize) -> String {
        match self.inner.settings().servers()[server].target() {
            Target::Host { host: text, .. } | Target::Unix(text) => text.clone(),
            _ => String::new(),
        }
    }

    /// The port of a server; 0 if it has a Unix socket.
    #[must_use]
    pub fn port(&self, server: usize) -> u16 {
        match self.inner.settings().servers()[server].target() {
            Target::Host { port, .. } => *port,
            _ => 0,
        }
    }

    /// Begins to acquire a lock; the number of the call, or -1 if it has ended already. An `answer_timeout` of 0 leaves that to core.
    #[allow(clippy::too_many_arguments, reason = "each is a number of the protocol")]
    pub fn acquire(
        &mut self,
        key: &[u8],
        for_me: bool,
        workers: u32,
        maxqueue: u32,
        timeout: u32,
        answer_timeout: f64,
        now: f64,
    ) -> i32 {
        let mode = if for_me { Mode::ForMe } else { Mode::ForAnyone };
        let mut request = Request::new(key).mode(mode).workers(workers).maxqueue(maxqueue).timeout_seconds(timeout);
        if answer_timeout > 0.0 {
            request = request.answer_timeout(milliseconds(answer_timeout));
        }
        let begun = self.inner.acquire(&request, at(now));
        self.begun(begun)
    }

    /// Begins to ask a server for a statistic; as [`Engine::acquire`].
    pub fn statistics(&mut self, server: usize, name: &str, now: f64) -> i32 {
        let begun = self.inner.statistics(server, name, at(now));
        self.begun(begun)
    }

    /// Begins to release a lock; as [`Engine::acquire`]. Its number is never used again.
    pub fn release(&mut self, lock: f64, now: f64) -> i32 {
        let begun = self.inner.release(lock, at(now));
        self.begun(begun)
    }

    /// Abandons a lock.
    pub fn abandon(&mut self, lock: f64, now: f64) {
        self.inner.abandon(lock, at(now));
    }

    /// Cancels a call.
    pub fn cancel(&mut self, call: usize, now: f64) {
        self.inner.cancel(call, at(now));
    }

    /// Closes every connection.
    pub fn close(&mut self, now: f64) {
        self.inner.close(at(now));
    }

    /// The addresses of a server's name, with commas between them.
    pub fn found(&mut self, server: usize, addresses: &str, now: f64) {
        let addresses = addresses.split(',').filter(|address| !address.is_empty()).map(str::to_owned).collect();
        self.inner.looked_up(server, Ok(addresses), at(now));
    }

    /// A server's name was not found.
    #[wasm_bindgen(js_name = notFound)]
    pub fn not_found(&mut self, server: usize, cause: String, now: f64) {
        self.inner.looked_up(server, Err(cause), at(now));
    }

    /// Whether all that was sent on a socket is acknowledged: 1 or 0; -1 if the system does not tell.
    pub fn asked(&mut self, socket: usize, acknowledged: i32, now: f64) {
        let acknowledged = (acknowledged >= 0).then_some(acknowledged > 0);
        self.inner.asked(socket, acknowledged, at(now));
    }

    /// A socket is connected.
    pub fn connected(&mut self, socket: usize, now: f64) {
        self.inner.connected(socket, at(now));
    }

    /// The position in the [`module_memory`] for the bytes of [`Engine::received`]. It never changes.
    #[must_use]
    pub fn inbox(&self) -> *const u8 {
        self.inbox.as_ptr()
    }

    /// So many bytes have come, and are in the [inbox](Engine::inbox).
    pub fn received(&mut self, socket: usize, length: usize, now: f64) {
        self.inner.received(socket, &self.inbox[..length], at(now));
    }

    /// The other side has closed the socket.
    pub fn closed(&mut self, socket: usize, now: f64) {
        self.inner.ended(socket, End::Closed, at(now));
    }

    /// The socket broke, or could not be connected.
    pub fn broken(&mut self, socket: usize, cause: String, now: f64) {
        self.inner.ended(socket, End::Broken(cause), at(now));
    }

    /// Continues the calls whose deadlines have passed.
    pub fn tick(&mut self, now: f64) {
        self.inner.tick(at(now));
    }

    /// When to call [`Engine::tick`] at the latest; infinite if nothing waits.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "microseconds of a process fit")]
    pub fn wakeup(&self) -> f64 {
        self.inner.wakeup().map_or(f64::INFINITY, |wakeup| wakeup.as_micros() as f64 / 1000.0)
    }

    /// The next action, in the three lowest bits, and above them the number of the socket, the call or the server that it is about. To be asked after every
    /// event, until there is no action.
    pub fn poll(&mut self) -> usize {
        let (action, subject) = match self.inner.poll() {
            None => (Action::None, 0),
            Some(engine::Action::LookUp { server }) => (Action::LookUp, server),
            Some(engine::Action::Connect { socket, server, address }) => {
                self.server = server;
                self.address = address.map_or_else(String::new, |address| address.to_string());
                (Action::Connect, socket)
            }
            Some(engine::Action::Send { socket, bytes }) => {
                self.bytes = bytes;
                (Action::Send, socket)
            }
            Some(engine::Action::Close { socket }) => (Action::Close, socket),
            Some(engine::Action::Finish { call, result }) => {
                self.ended = Ended::of(result);
                (Action::Finish, call)
            }
            Some(engine::Action::LockLost { lock }) => {
                self.ended.lock = lock;
                (Action::LockLost, 0)
            }
            Some(engine::Action::CheckAcknowledged { socket }) => (Action::CheckAcknowledged, socket),
        };
        action as usize | subject << 3
    }

    /// The index of the server to connect to.
    #[must_use]
    pub fn server(&self) -> usize {
        self.server
    }

    /// The address to connect to; empty for a Unix socket, whose path is its [host](Engine::host).
    #[must_use]
    pub fn address(&self) -> String {
        self.address.clone()
    }

    /// Where in the [`module_memory`] the bytes begin that are to be sent. They stay there until the next event.
    #[must_use]
    pub fn bytes(&self) -> *const u8 {
        self.bytes.as_ptr()
    }

    /// How many bytes are to be sent.
    #[must_use]
    #[wasm_bindgen(js_name = bytesLength)]
    pub fn bytes_length(&self) -> usize {
        self.bytes.len()
    }

    /// How the call ended.
    #[must_use]
    pub fn result(&self) -> Result {
        self.ended.result
    }

    /// The number of the lock that is held, or lost.
    #[must_use]
    pub fn lock(&self) -> f64 {
        self.ended.lock
    }

    /// A failure in a sentence.
    #[must_use]
    pub fn message(&self) -> String {
        self.ended.message.clone()
    }

    /// The server of a failure, as it was configured; empty if none is concerned.
    #[must_use]
    #[wasm_bindgen(js_name = failedServer)]
    pub fn failed_server(&self) -> String {
        self.ended.server.clone()
    }

    /// The cause of a failure, or the statistics.
    #[must_use]
    pub fn text(&self) -> String {
        self.ended.text.clone()
    }

    fn begun(&mut self, begun: std::result::Result<usize, Failure>) -> i32 {
        match begun {
            Ok(call) => i32::try_from(call).unwrap_or(i32::MAX),
            Err(failure) => {
                self.ended = Ended::failed(failure);
                -1
            }
        }
    }
}

impl Ended {
    fn new(result: Result) -> Self {
        Self { result, lock: 0.0, message: String::new(), server: String::new(), text: String::new() }
    }

    fn of(result: std::result::Result<Answer, Failure>) -> Self {
        match result {
            Ok(Answer::Locked(lock)) => Self { lock, ..Self::new(Result::Locked) },
            Ok(Answer::Other(Outcome::Statistics(text))) => Self { text, ..Self::new(Result::Statistics) },
            Ok(Answer::Other(outcome)) => Self::new(match outcome {
                Outcome::Acquire(AcquireOutcome::QueueFull) => Result::QueueFull,
                Outcome::Acquire(AcquireOutcome::Timeout) => Result::Timeout,
                Outcome::Acquire(AcquireOutcome::LockHeld) => Result::LockHeld,
                Outcome::Release(ReleaseOutcome::Released) => Result::Released,
                Outcome::Release(ReleaseOutcome::NotLocked) => Result::NotLocked,
                _ => Result::Done,
            }),
            Err(failure) => Self::failed(failure),
        }
    }

    fn failed(failure: Failure) -> Self {
        let message = failure.to_string();
        let (result, server, text) = match failure {
            Failure::BadKey(reason) => (Result::BadKey, String::new(), reason.to_string()),
            Failure::Connect { server, cause } => (Result::Connect, server, cause),
            Failure::Write { server, cause } => (Result::Write, server, cause),
            Failure::Read { server, cause } => (Result::Read, server, cause),
            Failure::Remote { server, message } => (Result::Remote, server, message),
            _ => (Result::NoServer, String::new(), String::new()),
        };
        Self { result, lock: 0.0, message, server, text }
    }
}

/// The memory of the module. Its buffer becomes another one when it grows.
#[wasm_bindgen(js_name = moduleMemory)]
#[must_use]
pub fn module_memory() -> JsValue {
    wasm_bindgen::memory()
}

fn at(ms: f64) -> Timestamp {
    Timestamp::from_micros(micros(ms))
}
