use super::{Failure, LinkId, Server};
use crate::Timestamp;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// The answer to a call.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// The lock is held: do the work, then release it. Dropping the [`Lock`] releases nothing.
    Locked(Lock),
    /// Somebody else did the work.
    Done,
    /// Too many hold the key or wait for it.
    QueueFull,
    /// The wait was too long.
    Timeout,
    /// The connection has four locks already.
    LockHeld,
    /// The lock is gone.
    Released,
    /// There was no lock to release.
    NotLocked,
    /// The text that was asked for.
    Statistics(String),
}

/// A lock that is held, and the connection that holds it.
#[derive(Debug, PartialEq, Eq)]
pub struct Lock {
    pub(super) link: LinkId,
    pub(super) server: usize,
}

/// What the driver must do next for a call. Whatever it waits for, it asks again once the moment named here is over.
#[derive(Debug)]
pub enum Step<'a, S> {
    /// Connect to this server; then [`connected`](super::Client::connected) or [`connect_failed`](super::Client::connect_failed).
    Connect {
        /// The index of the server.
        index: usize,
        /// Where to.
        server: &'a Server,
        /// When to give up.
        deadline: Timestamp,
    },
    /// Wait until then.
    Pause {
        /// The moment.
        until: Timestamp,
    },
    /// Send all these bytes; then [`sent`](super::Client::sent) or [`failed`](super::Client::failed).
    Send {
        /// On this connection.
        socket: &'a mut S,
        /// One whole command.
        bytes: &'a [u8],
        /// When to give up.
        deadline: Timestamp,
    },
    /// Wait for bytes; then [`received`](super::Client::received) or [`failed`](super::Client::failed).
    Receive {
        /// On this connection.
        socket: &'a mut S,
        /// When to give up.
        deadline: Timestamp,
    },
    /// The call has ended.
    Finished(Result<Outcome, Failure>),
}

/// One call under way. It is driven by [`Client::step`](super::Client::step), which is not to be asked again after [`Step::Finished`].
#[derive(Debug)]
#[must_use]
pub struct Call {
    pub(super) kind: Kind,
    pub(super) command: Cow<'static, [u8]>,
    /// The servers still to try, the next one last.
    pub(super) servers: Vec<usize>,
    /// The last server of the key's order: the one that the error names if all fail.
    pub(super) last: usize,
    /// The server of the connection in use.
    pub(super) talking_to: usize,
    /// When the conversation on it began.
    pub(super) asked: Timestamp,
    /// Microseconds from the first sending to the answer.
    pub(super) answer_within: u64,
    /// Set when the conversation begins, and kept if its connection is replaced.
    pub(super) deadline: Option<Timestamp>,
    /// The connection in use was kept from earlier and may be stale.
    pub(super) reused: bool,
    pub(super) state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Acquire,
    /// Of a lock that is held.
    Release,
    /// With nothing held.
    ReleaseNothing,
    Statistics {
        full: bool,
    },
}

#[derive(Debug)]
pub(super) enum State {
    Choosing,
    Connecting {
        server: usize,
        second: bool,
        deadline: Timestamp,
    },
    Pausing {
        server: usize,
        until: Timestamp,
    },
    /// About to release the lock of this connection, if that is still there.
    Releasing {
        link: LinkId,
    },
    /// The answers of earlier releases come first: the reference loses a line that shares a segment with another.
    CatchingUp {
        link: LinkId,
    },
    Sending {
        link: LinkId,
    },
    Receiving {
        link: LinkId,
    },
    Finished(Result<Outcome, Failure>),
    /// The result was taken.
    Over,
}

impl State {
    /// The connection that the conversation goes over.
    pub(super) fn link(&self) -> Option<LinkId> {
        match *self {
            Self::CatchingUp { link } | Self::Sending { link } | Self::Receiving { link } => Some(link),
            _ => None,
        }
    }
}
