use super::{Request, Server};
use crate::route::{Ring, mediawiki_order};
use crate::time::micros;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

/// How a client behaves.
///
/// Times are rounded up to whole microseconds. One of more than a year counts as a year.
///
/// ```
/// use core::time::Duration;
/// use poolcounter::client::{Server, Settings};
///
/// let mut settings = Settings::new(vec![Server::parse("10.0.0.1")?]);
/// settings.connect_timeout(Duration::from_millis(500)).connect_twice(true);
/// # Ok::<(), poolcounter::client::BadServer>(())
/// ```
#[allow(clippy::struct_excessive_bools, reason = "independent switches")]
#[derive(Clone, Debug)]
pub struct Settings {
    pub(super) servers: Vec<Server>,
    key_distribution: KeyDistribution,
    // All times are in microseconds.
    pub(super) connect_timeout: u64,
    pub(super) connect_twice: bool,
    pub(super) min_answer_timeout: u64,
    first_answer_timeout: u64,
    pub(super) avoid_for: u64,
    pub(super) max_idle_time: u64,
    pub(super) max_idle_connections: usize,
    share_connections: bool,
    pub(super) await_release: bool,
    #[cfg_attr(not(feature = "nonblocking"), allow(dead_code, reason = "only an event loop can wait for its caller"))]
    pub(crate) look_ups_by_caller: bool,
}

/// The rule by which a key belongs to a server. Services share a lock only if they have the same rule.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum KeyDistribution {
    /// MediaWiki's rule: the key decides the order of the servers. If one is away, the next one is asked.
    MediaWiki,
    /// python-poolcounter's rule: a ring of these labels and weights, in the order of the servers, gives each key one server.
    Ring(Ring),
}

/// How long a call waits for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// The server may let the call wait. In microseconds: `within` from the start of the conversation, even if the command is sent again over another connection; `allowed` from the last sending.
    Waits {
        /// The call waits so long.
        within: u64,
        /// The server may be silent for so long.
        allowed: u64,
    },
    /// The answer is due at once; at the most so many microseconds after the sending.
    AtOnce(u64),
}

impl Settings {
    /// The default of [`max_idle_connections`](Self::max_idle_connections).
    pub const DEFAULT_MAX_IDLE_CONNECTIONS: usize = 8;

    /// The settings of MediaWiki's client for these servers: 0.1 s to connect, one attempt.
    #[must_use]
    pub fn new(servers: Vec<Server>) -> Self {
        Self {
            servers,
            key_distribution: KeyDistribution::MediaWiki,
            connect_timeout: 100_000,
            connect_twice: false,
            min_answer_timeout: 1_000_000,
            first_answer_timeout: 4_000_000,
            avoid_for: 1_000_000,
            max_idle_time: 60_000_000,
            max_idle_connections: Self::DEFAULT_MAX_IDLE_CONNECTIONS,
            share_connections: false,
            await_release: false,
            look_ups_by_caller: false,
        }
    }

    /// The servers. Functions that take the index of a server mean this list.
    #[must_use]
    pub fn servers(&self) -> &[Server] {
        &self.servers
    }

    /// Adds a server at the end of the list.
    pub fn add_server(&mut self, server: Server) -> &mut Self {
        self.servers.push(server);
        self
    }

    /// The rule by which a key belongs to a server.
    ///
    /// Default: [`KeyDistribution::MediaWiki`]
    pub fn key_distribution(&mut self, rule: KeyDistribution) -> &mut Self {
        self.key_distribution = rule;
        self
    }

    /// How long connecting may take. If a name has several addresses, each attempt has this time, and all of them end within twice this time.
    ///
    /// Default: 0.1 s
    pub fn connect_timeout(&mut self, timeout: Duration) -> &mut Self {
        self.connect_timeout = micros(timeout);
        self
    }

    /// Whether to try a second time, a millisecond later, if connecting failed.
    ///
    /// Default: false
    pub fn connect_twice(&mut self, twice: bool) -> &mut Self {
        self.connect_twice = twice;
        self
    }

    /// The least time to wait for an answer. An acquire waits for 1.5 times its own timeout, if that is more. If the server answers at once, as
    /// to an acquire with timeout 0, this is the time on a connection that has answered before.
    ///
    /// Default: 1 s
    pub fn min_answer_timeout(&mut self, timeout: Duration) -> &mut Self {
        self.min_answer_timeout = micros(timeout);
        self
    }

    /// How long to wait for an answer on a new connection if the server answers at once; at least
    /// [`min_answer_timeout`](Self::min_answer_timeout). A server needs seconds to accept many connections at once.
    ///
    /// Default: 4 s
    pub fn first_answer_timeout(&mut self, timeout: Duration) -> &mut Self {
        self.first_answer_timeout = micros(timeout);
        self
    }

    /// The least time for which a server that gave no answer in time is avoided. The time doubles with each further failure, up to ten seconds. A server
    /// that refused a connection is tried last for this time, one second at most.
    ///
    /// Default: 1 s
    pub fn avoid_for(&mut self, time: Duration) -> &mut Self {
        self.avoid_for = micros(time);
        self
    }

    /// A connection that was idle for longer than this is not reused.
    ///
    /// Default: 60 s
    pub fn max_idle_time(&mut self, time: Duration) -> &mut Self {
        self.max_idle_time = micros(time);
        self
    }

    /// How many idle connections stay open.
    ///
    /// Default: 8
    pub fn max_idle_connections(&mut self, connections: usize) -> &mut Self {
        self.max_idle_connections = connections;
        self
    }

    /// Whether all locks at a server share one connection, as with MediaWiki's own client. Otherwise each lock has its own. A server releases the newest
    /// lock of a connection, so the release of an older one is delayed until the newer ones are released. When the connection is closed, because the work under one lock is abandoned or a
    /// call that waits is cancelled, all its locks are lost: their release answers [`NotLocked`](super::ReleaseOutcome::NotLocked).
    ///
    /// Default: false
    #[cfg(feature = "sockets")]
    pub fn share_connections(&mut self, share: bool) -> &mut Self {
        self.share_connections = share;
        self
    }

    /// Whether a release of a held lock waits for its answer. The answer is known beforehand, so without this option it is read before the next command.
    ///
    /// Default: false
    pub fn await_release(&mut self, wait: bool) -> &mut Self {
        self.await_release = wait;
        self
    }

    /// Whether the client for event loops leaves it to its caller to look names up, so that nothing blocks.
    ///
    /// Default: false
    pub fn look_ups_by_caller(&mut self, by_caller: bool) -> &mut Self {
        self.look_ups_by_caller = by_caller;
        self
    }

    /// Without the feature `sockets` no client does, and the compiler leaves the code for it out: that is for the clients in WebAssembly, which must be small.
    pub(super) fn shares_connections(&self) -> bool {
        cfg!(feature = "sockets") && self.share_connections
    }

    /// The indices of the servers to try for a raw key, in order.
    pub(super) fn order(&self, key: &[u8]) -> Vec<usize> {
        match &self.key_distribution {
            KeyDistribution::MediaWiki if self.servers.len() == 1 => vec![0],
            KeyDistribution::MediaWiki => {
                let names: Vec<&str> = self.servers.iter().map(Server::name).collect();
                mediawiki_order(&names, key).collect()
            }
            KeyDistribution::Ring(ring) => {
                ring.node(key).filter(|node| *node < self.servers.len()).into_iter().collect()
            }
        }
    }

    /// How long an acquire waits for its answer.
    pub(super) fn patience(&self, request: &Request<'_>) -> Patience {
        let within = |micros: u64| self.min_answer_timeout.max(micros);
        match (request.timeout_seconds, request.answer_timeout) {
            (0, answer_timeout) => Patience::AtOnce(answer_timeout.map_or(u64::MAX, within)),
            (timeout, answer_timeout) => {
                let allowed = u64::from(timeout) * 1_000_000;
                Patience::Waits { within: within(answer_timeout.unwrap_or(allowed / 2 * 3)), allowed }
            }
        }
    }

    /// How long an answer that is due at once may take, on a connection that has answered before or not.
    pub(super) fn at_once(&self, answered: bool) -> u64 {
        if answered { self.min_answer_timeout } else { self.min_answer_timeout.max(self.first_answer_timeout) }
    }
}
