//! The client, without I/O.
//!
//! A [`Client`] knows the servers, which of them answer, and the connections that are kept. A [`Call`] is one conversation; [`Client::step`] says
//! what it needs next, and the driver, which owns sockets and clock, tells it what came of that. Time-outs, the second try, the next server,
//! the replacement of a stale connection and the answer of a release that is still to come are all in here; a driver only moves bytes.
//!
//! ```
//! use poolcounter::Timestamp;
//! use poolcounter::client::{Client, Outcome, Request, Server, Settings, Step};
//! use poolcounter::protocol::Mode;
//!
//! let now = Timestamp::from_micros(0);
//! let settings = Settings::new(vec![Server::parse("10.0.0.1").expect("a host")]);
//! let mut client = Client::new(settings);
//! let request = Request { mode: Mode::ForAnyone, key: b"page 1", workers: 1, maxqueue: 100, timeout: 15, answer_within: None };
//! let mut call = client.acquire(&request, now).expect("a good key");
//!
//! // The driver connects; its socket may be of any type.
//! assert!(matches!(client.step(&mut call, now), Step::Connect { .. }));
//! client.connected(&mut call, "a socket", now);
//! assert!(matches!(client.step(&mut call, now), Step::Send { bytes: b"ACQ4ANY page%201 1 100 15\n", .. }));
//! client.sent(&mut call, now);
//! assert!(matches!(client.step(&mut call, now), Step::Receive { .. }));
//! client.received(&mut call, b"LOCKED\n", now);
//! assert!(matches!(client.step(&mut call, now), Step::Finished(Ok(Outcome::Locked(_)))));
//! ```

mod call;
mod command;
mod conversation;
mod failure;
mod link;
mod server;
mod settings;

pub use call::{Call, Lock, Outcome, Step};
pub use command::Request;
#[cfg(feature = "sockets")]
pub(crate) use conversation::TIMED_OUT;
pub use failure::{BadKey, Failure};
pub use server::{BadServer, DEFAULT_PORT, Server, Target};
pub use settings::{Choice, Settings, Sharing};

use crate::Timestamp;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use call::{Kind, State};
use link::Link;

/// A connection, by a number that is never given again.
type LinkId = u64;

/// Servers, their health, and the connections to them. `S` is the driver's socket; dropping it must close it.
#[derive(Debug)]
pub struct Client<S> {
    settings: Settings,
    /// For each server.
    health: Vec<Health>,
    links: Vec<Link<S>>,
    next_link: LinkId,
}

/// What is known of a server that could not be reached.
#[derive(Clone, Debug, Default)]
struct Health {
    passed_over_until: Timestamp,
    cause: String,
}

impl<S> Client<S> {
    /// A client that has no connection yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let health = vec![Health::default(); settings.servers.len()];
        Self { settings, health, links: Vec::new(), next_link: 0 }
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
        let within = self.settings.answer_within(request);
        self.call(Kind::Acquire, Cow::Owned(command), self.settings.order(request.key), within, now)
    }

    /// Begins to release a lock that is held. By default this needs a [`Step::Send`] alone.
    ///
    /// With [`Sharing::PerServer`] the server releases the newest lock of the connection, as with MediaWiki's own client.
    ///
    /// # Errors
    ///
    /// None in fact; the type is that of the other calls.
    pub fn release(&self, lock: &Lock, now: Timestamp) -> Result<Call, Failure> {
        let mut call = self.call(Kind::Release, RELEASE, vec![lock.server], self.settings.answer_timeout, now)?;
        call.state = State::Releasing { link: lock.link };
        Ok(call)
    }

    /// Begins a release with nothing held. It is sent to the key's server and waited for.
    ///
    /// # Errors
    ///
    /// If there is no server.
    pub fn release_nothing(&self, key: &[u8], now: Timestamp) -> Result<Call, Failure> {
        let within = self.settings.answer_timeout;
        self.call(Kind::ReleaseNothing, RELEASE, self.settings.order(key), within, now)
    }

    /// Begins to ask the server of this index for a statistic: `FULL`, `UPTIME` or the name of a counter.
    ///
    /// # Errors
    ///
    /// If there is no such server, or the name cannot be sent.
    pub fn statistics(&self, server: usize, name: &str, now: Timestamp) -> Result<Call, Failure> {
        let command = command::statistics(name).map_err(Failure::BadKey)?;
        if server >= self.settings.servers.len() {
            return Err(Failure::NoServer);
        }
        let full = name.eq_ignore_ascii_case("FULL");
        self.call(Kind::Statistics { full }, Cow::Owned(command), vec![server], self.settings.answer_timeout, now)
    }

    /// Gives a call up. Its connection is closed, so the server takes the wish back without waking anybody.
    pub fn cancel(&mut self, call: &Call) {
        match &call.state {
            // Granted, but the caller does not know yet.
            State::Finished(Ok(Outcome::Locked(lock))) => self.drop_link(lock.link),
            // Nothing is sent yet, and the caller has given the lock away.
            State::Releasing { link } => self.drop_link(*link),
            state => state.link().map_or((), |link| self.drop_link(link)),
        }
    }

    /// The work under a lock failed: its connection is closed, so the server hands the slot to the next waiter and tells nobody that the work is done.
    pub fn abandon(&mut self, lock: &Lock) {
        self.drop_link(lock.link);
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
        answer_within: u64,
        now: Timestamp,
    ) -> Result<Call, Failure> {
        let last = *servers.last().ok_or(Failure::NoServer)?;
        let away = |server: &usize| now < self.health[*server].passed_over_until && !self.has_link(*server);
        // Those that are passed over come last: better a late answer than none. The next one is the last of the list.
        if servers.len() > 1 {
            let (mut later, sooner): (Vec<_>, Vec<_>) = servers.into_iter().rev().partition(away);
            later.extend(sooner);
            servers = later;
        }
        Ok(Call {
            kind,
            command,
            servers,
            last,
            talking_to: last,
            asked: now,
            answer_within,
            deadline: None,
            reused: false,
            state: State::Choosing,
        })
    }

    fn has_link(&self, server: usize) -> bool {
        self.links.iter().any(|link| link.server == server)
    }

    fn drop_link(&mut self, id: LinkId) {
        self.links.retain(|link| link.id != id);
    }
}

const RELEASE: Cow<'static, [u8]> = Cow::Borrowed(b"RELEASE\n");
