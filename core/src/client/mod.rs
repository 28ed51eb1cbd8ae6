//! The client, without I/O.
//!
//! A [`Client`] knows the servers, which of them answer, and the connections that are kept. A [`Call`] is one conversation; [`Client::step`] says
//! what it needs next. The driver, which owns sockets and clock, does it and reports the result. Time-outs, the second try, the next server,
//! the replacement of a stale connection and the answer of a release that is still to come are all in here; a driver only moves bytes.
//!
//! This is the interface for drivers, with one type for calls of all kinds. The modules `blocking` and `nonblocking` have a driver each, and a type for each kind of call.
//!
//! | file | what it decides |
//! | --- | --- |
//! | `standing.rs` | whether a server is asked after it refused or was silent |
//! | `name.rs` | when a name is looked up |
//! | `race.rs` | which address of a server is tried when |
//! | `conversation.rs` | what a call does next |
//! | `link.rs` | what a connection owes and holds |
//!
//! Clients that are made with one [`Knowledge`] share the state of servers and the addresses of names.
//!
//! ```
//! use poolcounter::Timestamp;
//! use poolcounter::client::{AcquireOutcome, Client, Outcome, Request, Server, Settings, Step};
//!
//! let now = Timestamp::from_micros(0);
//! let settings = Settings::new(vec![Server::parse("10.0.0.1").expect("a host")]);
//! let mut client = Client::new(settings);
//! let request = Request::new(b"page 1").workers(1).maxqueue(100).timeout_seconds(15);
//! let mut call = client.acquire(&request, now).expect("a good key");
//!
//! // The driver connects; its socket may be of any type.
//! assert!(matches!(client.step(&mut call, now), Step::Connect { .. }));
//! client.connecting(&mut call, now);
//! client.connected(&mut call, "a socket", now);
//! assert!(matches!(client.step(&mut call, now), Step::Send { bytes: b"ACQ4ANY page%201 1 100 15\n", .. }));
//! client.sent(&mut call, now);
//! assert!(matches!(client.step(&mut call, now), Step::Receive { .. }));
//! client.received(&mut call, b"LOCKED\n", now);
//! assert!(matches!(client.step(&mut call, now), Step::Finished(Ok(Outcome::Acquire(AcquireOutcome::Locked(_))))));
//! ```

mod call;
mod command;
mod conversation;
mod failure;
mod link;
mod name;
mod race;
mod server;
mod settings;
mod shared;
mod standing;

#[cfg(feature = "sockets")]
pub(crate) use call::typed;
pub use call::{AcquireOutcome, Call, Lock, Outcome, ReleaseOutcome, Step};
pub use command::Request;
#[cfg(feature = "sockets")]
pub(crate) use conversation::TIMED_OUT;
#[cfg(feature = "blocking")]
pub use failure::NotReleased;
pub use failure::{BadKey, Failure, NotOwned};
pub use race::Endpoint;
pub use server::{BadServer, DEFAULT_PORT, Server, Target};
pub use settings::{KeyDistribution, Settings};
pub use shared::Knowledge;

use crate::Timestamp;
use alloc::borrow::Cow;
use alloc::vec;
use alloc::vec::Vec;
use call::{Kind, State};
use core::ffi::CStr;
use core::sync::atomic::{AtomicUsize, Ordering};
use link::Link;
use name::SharedName;
use settings::Patience;
use standing::SharedStanding;

/// A connection, by a number that its client never gives again.
type LinkId = u64;

/// A lock, by a number that its client never gives again.
type LockNumber = u64;

/// A client, by a number that its process never gives again.
type ClientNumber = usize;

static NEXT_CLIENT: AtomicUsize = AtomicUsize::new(0);

/// A client: its servers, and the connections to them. `S` is the driver's socket; dropping it must close it.
#[derive(Debug)]
pub struct Client<S> {
    number: ClientNumber,
    settings: Settings,
    /// For each server.
    standings: Vec<SharedStanding>,
    /// For each server; a Unix socket has none.
    names: Vec<Option<SharedName>>,
    links: Vec<Link<S>>,
    next_link: LinkId,
    next_lock: LockNumber,
}

impl<S> Client<S> {
    /// A client that has no connection yet, and knowledge of its own.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self::with_knowledge(settings, &mut Knowledge::default())
    }

    /// A client that has no connection yet, and shares this knowledge with other clients. Their moments must come from one clock.
    #[must_use]
    pub fn with_knowledge(settings: Settings, knowledge: &mut Knowledge) -> Self {
        let (standings, names) = (Vec::new(), Vec::new());
        let number = NEXT_CLIENT.fetch_add(1, Ordering::Relaxed);
        let mut client = Self { number, settings, standings, names, links: Vec::new(), next_link: 0, next_lock: 0 };
        client.use_knowledge(knowledge);
        client
    }

    /// From now on it uses this knowledge instead of the one it had.
    pub fn use_knowledge(&mut self, knowledge: &mut Knowledge) {
        let servers = &self.settings.servers;
        self.standings = servers.iter().map(|server| knowledge.server(server.target())).collect();
        self.names = servers.iter().map(|server| server.target().host().map(|host| knowledge.name(host))).collect();
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
    pub fn acquire(&self, request: &Request<'_>, now: Timestamp) -> Result<Call, Failure> {
        let command = request.encode().map_err(Failure::BadKey)?;
        let patience = self.settings.patience(request);
        self.call(Kind::Acquire, Cow::Owned(command), self.settings.order(request.key), patience, now)
    }

    /// Begins to release a lock that is held. By default this needs a [`Step::Send`] alone.
    ///
    /// With [`Settings::share_connections`], the release of a lock that is not the newest of its connection is delayed until it is, and reported as done.
    ///
    /// # Errors
    ///
    /// If the lock is another client's, it is given back. Nothing is sent then.
    pub fn release(&self, lock: Lock, now: Timestamp) -> Result<Call, NotOwned<Lock>> {
        let lock = self.owned(lock)?;
        let mut call = self.call_to(lock.server, Kind::Release, RELEASE, Patience::AtOnce(u64::MAX), now);
        call.state = State::Releasing { link: lock.link, lock: lock.number };
        Ok(call)
    }

    /// Begins a release with nothing held. It is sent to the key's server, and its answer is awaited. It is not sent over a shared connection that holds a lock, because the server would release that lock.
    ///
    /// # Errors
    ///
    /// If there is no server.
    pub fn release_nothing(&self, key: &[u8], now: Timestamp) -> Result<Call, Failure> {
        self.call(Kind::ReleaseNothing, RELEASE, self.settings.order(key), Patience::AtOnce(u64::MAX), now)
    }

    /// Begins to ask the server of this index for a statistic: `FULL`, `UPTIME` or the name of a counter.
    ///
    /// # Errors
    ///
    /// If there is no such server, or the name cannot be sent.
    pub fn statistics(&self, server: usize, name: &str, now: Timestamp) -> Result<Call, Failure> {
        let command = command::statistics(name).map_err(Failure::BadStatistic)?;
        if server >= self.settings.servers.len() {
            return Err(Failure::NoServer);
        }
        let full = name.eq_ignore_ascii_case("FULL");
        self.call(Kind::Statistics { full }, Cow::Owned(command), vec![server], Patience::AtOnce(u64::MAX), now)
    }

    /// Cancels a call. Its connection is closed, so the server removes the request from its queue without waking anybody, or gives the lock that it has granted to the next
    /// waiter. With [`Settings::share_connections`] the other locks of the connection are lost. A release that has not begun is an exception: if the connection holds other
    /// locks, it stays open, and the release follows with the next one.
    ///
    /// # Errors
    ///
    /// If the call is another client's, it is given back. Nothing is done then.
    #[allow(clippy::result_large_err, reason = "the call is given back as it is")]
    pub fn cancel(&mut self, call: Call) -> Result<(), NotOwned<Call>> {
        if self.abandon_call(&call) { Ok(()) } else { Err(NotOwned(call)) }
    }

    /// False if the call is another client's.
    pub(crate) fn abandon_call(&mut self, call: &Call) -> bool {
        if call.client != self.number {
            return false;
        }
        match &call.state {
            // Granted, but the caller does not know yet.
            State::Finished(Ok(Outcome::Acquire(AcquireOutcome::Locked(lock)))) => self.drop_link(lock.link),
            // Another call is to look the name up.
            State::Naming { asks: true, .. } => {
                if let Some(name) = &self.names[call.server] {
                    name.with(name::Name::give_claim_back);
                }
            }
            // Nothing is sent yet, and the caller does not have the lock any more.
            State::Releasing { link: id, lock } => {
                let link = self.links.iter_mut().find(|link| link.id == *id);
                let stays = |link: &mut Link<S>| {
                    link.release(*lock);
                    link.busy || link.is_in_use()
                };
                if !self.settings.shares_connections() || !link.is_some_and(stays) {
                    self.drop_link(*id);
                }
            }
            state => state.link().map_or((), |link| self.drop_link(link)),
        }
        true
    }

    /// The work under a lock failed: its connection is closed, so the server grants the lock to the next waiter and tells nobody that the work is done. With
    /// [`Settings::share_connections`] the other locks of the connection are lost: their release answers [`ReleaseOutcome::NotLocked`].
    ///
    /// # Errors
    ///
    /// If the lock is another client's, it is given back. Nothing is done then.
    pub fn abandon(&mut self, lock: Lock) -> Result<(), NotOwned<Lock>> {
        let lock = self.owned(lock)?;
        self.drop_link(lock.link);
        Ok(())
    }

    /// The driver's socket of the connection that holds a lock; none if that is not open any more, or the lock is another client's. A server says nothing on it until the lock
    /// is released, so what comes before is the end of the connection, and of the lock.
    #[must_use]
    pub fn connection(&self, lock: &Lock) -> Option<&S> {
        let mut links = self.links.iter();
        links.find(|link| lock.client == self.number && link.id == lock.link).map(|link| &link.socket)
    }

    /// Abandons every lock that is held and every call under way; idle connections stay.
    pub fn abandon_all(&mut self) {
        self.links.retain(Link::is_idle);
    }

    /// Closes every connection. Locks that are held are abandoned.
    pub fn close(&mut self) {
        self.links.clear();
    }

    fn call(
        &self,
        kind: Kind,
        command: Cow<'static, [u8]>,
        mut servers: Vec<usize>,
        patience: Patience,
        now: Timestamp,
    ) -> Result<Call, Failure> {
        let last = *servers.last().ok_or(Failure::NoServer)?;
        let only = servers.len() == 1;
        // Servers that refused a moment ago come last.
        if !only {
            let is_last_resort = |server: &usize| {
                self.standings[*server].with(|standing| standing.is_last_resort(now)) && !self.has_link(*server)
            };
            let (mut later, sooner): (Vec<_>, Vec<_>) = servers.into_iter().rev().partition(is_last_resort);
            later.extend(sooner);
            servers = later;
        }
        let call = self.call_to(last, kind, command, patience, now);
        Ok(Call { servers, only, ..call })
    }

    /// A call to this server alone.
    fn call_to(
        &self,
        server: usize,
        kind: Kind,
        command: Cow<'static, [u8]>,
        patience: Patience,
        now: Timestamp,
    ) -> Call {
        Call {
            client: self.number,
            kind,
            command,
            servers: vec![server],
            only: true,
            last: server,
            failure: None,
            server,
            chosen: now,
            patience,
            deadline: None,
            asked: now,
            answer_by: now,
            acknowledged_by: None,
            reused: false,
            probing: false,
            result: None,
            state: State::Choosing,
        }
    }

    fn owned(&self, lock: Lock) -> Result<Lock, NotOwned<Lock>> {
        if lock.client == self.number { Ok(lock) } else { Err(NotOwned(lock)) }
    }

    fn has_link(&self, server: usize) -> bool {
        self.links.iter().any(|link| link.server == server)
    }

    fn drop_link(&mut self, id: LinkId) {
        self.links.retain(|link| link.id != id);
    }
}

/// The bytes that release a lock, whatever its key: a server releases the newest lock of the connection.
pub const RELEASE_LINE: &CStr = c"RELEASE\n";

const RELEASE: Cow<'static, [u8]> = Cow::Borrowed(RELEASE_LINE.to_bytes());
