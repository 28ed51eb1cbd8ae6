use super::{Request, Server};
use crate::route::{Ring, mediawiki_order};
use alloc::vec;
use alloc::vec::Vec;

/// How a client behaves. All times are in microseconds.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The servers.
    pub servers: Vec<Server>,
    /// Which of them a key belongs to.
    pub choice: Choice,
    /// How long a connection may take to be made. If a name has several addresses, each attempt has this time, and all of them end within twice this time.
    pub connect_timeout: u64,
    /// Whether a connection that could not be made is tried a second time, a millisecond later.
    pub connect_twice: bool,
    /// The least time to wait for an answer. An acquire waits 1.5 times its own timeout, if that is more. An answer that is due at once, as that
    /// to an acquire with timeout 0, has this time on a connection that has answered before.
    pub answer_timeout: u64,
    /// How long an answer that is due at once may take on a connection that has not answered before, if that is more than
    /// [`answer_timeout`](Self::answer_timeout). A server that is asked by many at once takes seconds to accept all of them.
    pub first_answer_timeout: u64,
    /// How long a server that refused is tried last, one second at the most; and the least time for which a server that gave no answer in time is not asked.
    /// That time doubles with each further failure, up to ten seconds.
    pub pass_over: u64,
    /// A connection that was idle for longer than this is not used again.
    pub keep_idle: u64,
    /// How many connections are kept without use.
    pub keep: usize,
    /// Who shares a connection.
    pub sharing: Sharing,
    /// Whether a release of a held lock waits for its answer. The answer is known beforehand, so by default it is read with the next command.
    pub await_release: bool,
    /// Whether the client for event loops leaves it to its caller to look names up, so that nothing blocks.
    pub look_ups_by_caller: bool,
}

/// By which rule a server is chosen. Services share a lock only if they choose alike.
#[derive(Clone, Debug)]
pub enum Choice {
    /// As MediaWiki: all servers in an order that depends on the key, the next one if one is away.
    MediaWiki,
    /// As python-poolcounter: one server, by a ring of these labels and weights, in the order of the servers.
    Ring(Ring),
}

/// Who shares a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// One connection for each lock, from those that are kept.
    PerLock,
    /// One connection to each server for all locks, as MediaWiki's own client. The server releases the newest lock of a connection, so the release of an
    /// older one is held back until the newer ones are released.
    PerServer,
}

/// How long a call waits for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// The server may let it wait. In microseconds from the first sending, whatever connection the answer comes by.
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
    /// The settings of MediaWiki's client for these servers: 0.1 s to connect, one attempt.
    #[must_use]
    pub fn new(servers: Vec<Server>) -> Self {
        Self {
            servers,
            choice: Choice::MediaWiki,
            connect_timeout: 100_000,
            connect_twice: false,
            answer_timeout: 1_000_000,
            first_answer_timeout: 4_000_000,
            pass_over: 1_000_000,
            keep_idle: 60_000_000,
            keep: 8,
            sharing: Sharing::PerLock,
            await_release: false,
            look_ups_by_caller: false,
        }
    }

    /// The indices of the servers to try for a raw key, in order.
    pub(super) fn order(&self, key: &[u8]) -> Vec<usize> {
        match &self.choice {
            Choice::MediaWiki if self.servers.len() == 1 => vec![0],
            Choice::MediaWiki => {
                let names: Vec<&str> = self.servers.iter().map(Server::name).collect();
                mediawiki_order(&names, key).collect()
            }
            Choice::Ring(ring) => ring.node(key).filter(|node| *node < self.servers.len()).into_iter().collect(),
        }
    }

    /// How long an acquire waits for its answer.
    pub(super) fn patience(&self, request: &Request<'_>) -> Patience {
        let within = |micros: u64| self.answer_timeout.max(micros);
        match (request.timeout, request.answer_within) {
            (0, answer_within) => Patience::AtOnce(answer_within.map_or(u64::MAX, within)),
            (timeout, answer_within) => {
                let allowed = u64::from(timeout) * 1_000_000;
                Patience::Waits { within: within(answer_within.unwrap_or(allowed / 2 * 3)), allowed }
            }
        }
    }

    /// How long an answer that is due at once may take, on a connection that has answered before or not.
    pub(super) fn at_once(&self, answered: bool) -> u64 {
        if answered { self.answer_timeout } else { self.answer_timeout.max(self.first_answer_timeout) }
    }
}
