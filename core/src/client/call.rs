use super::race::Race;
use super::settings::Patience;
use super::{ClientNumber, Endpoint, Failure, LinkId, LockNumber, Server};
use crate::Timestamp;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// The answer to a call of any kind, for drivers. The modules `blocking` and `nonblocking` give the type that the kind of call has.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// To an acquire.
    Acquire(AcquireOutcome),
    /// To a release.
    Release(ReleaseOutcome),
    /// The text of the statistics that were asked for.
    Statistics(String),
}

/// The answer to an acquire. The list is closed, because the protocol has no other answers.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum AcquireOutcome {
    /// The lock is held: do the work, then release it.
    Locked(Lock),
    /// Another client did the work.
    Done,
    /// Too many hold the key or wait for it.
    QueueFull,
    /// The wait was too long.
    Timeout,
    /// The connection has four locks already.
    LockHeld,
}

/// The answer to a release. The list is closed, because the protocol has no other answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum ReleaseOutcome {
    /// The release succeeded.
    Released,
    /// There was no lock to release.
    NotLocked,
}

impl TryFrom<Outcome> for AcquireOutcome {
    type Error = Outcome;

    /// The answer of a driver's call, if it was to an acquire.
    fn try_from(outcome: Outcome) -> Result<Self, Outcome> {
        if let Outcome::Acquire(outcome) = outcome { Ok(outcome) } else { Err(outcome) }
    }
}

impl TryFrom<Outcome> for ReleaseOutcome {
    type Error = Outcome;

    /// The answer of a driver's call, if it was to a release.
    fn try_from(outcome: Outcome) -> Result<Self, Outcome> {
        if let Outcome::Release(outcome) = outcome { Ok(outcome) } else { Err(outcome) }
    }
}

impl TryFrom<Outcome> for String {
    type Error = Outcome;

    /// The answer of a driver's call, if it was to a question for statistics.
    fn try_from(outcome: Outcome) -> Result<Self, Outcome> {
        if let Outcome::Statistics(text) = outcome { Ok(text) } else { Err(outcome) }
    }
}

/// The answer to a call, as the type that calls of its kind have.
#[cfg(feature = "sockets")]
pub(crate) fn typed<A: TryFrom<Outcome>>(result: Result<Outcome, Failure>) -> Result<A, Failure> {
    // `understand` answers each kind of call with the outcomes of that kind alone.
    result.map(|outcome| A::try_from(outcome).unwrap_or_else(|_| unreachable!("an outcome of another kind of call")))
}

/// A lock that is held. Only the client that acquired it can release or abandon it, and only once; another client gives it back. A lock that is dropped stays
/// held until its connection ends, at the latest when the client is closed or dropped.
///
/// ```compile_fail
/// # use poolcounter::{Timestamp, client::{Call, Client, Lock}};
/// fn release_twice<S>(client: &Client<S>, lock: Lock, now: Timestamp) {
///     let first = client.release(lock, now);
///     let second = client.release(lock, now); // It was moved.
/// }
/// ```
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a lock that is neither released nor abandoned is held until its client closes"]
pub struct Lock {
    pub(super) client: ClientNumber,
    pub(super) link: LinkId,
    pub(super) server: usize,
    pub(super) number: LockNumber,
}

/// What the driver must do next for a call. When the moment named in a step is over, it asks for the next step in any case.
///
/// This enum and [`Endpoint`] are not `non_exhaustive`: a driver that does not know a step cannot continue, so the compiler must report each new one.
#[derive(Debug)]
pub enum Step<'a, S> {
    /// Look this name up: say [`looking_up`](super::Client::looking_up) at once, and [`looked_up`](super::Client::looked_up) when the result is there, even if the call has ended by
    /// then. A driver of an event loop goes on with the call meanwhile.
    LookUp {
        /// The index of the server.
        index: usize,
        /// Its host.
        host: &'a str,
    },
    /// Begin an attempt to connect to a server, and say [`connecting`](super::Client::connecting). Several can be under way for one call. Report the result of each:
    /// [`connected`](super::Client::connected) or [`connect_failed`](super::Client::connect_failed). Once one has succeeded, or the call wants something else, the others are to be closed.
    Connect {
        /// The index of the server.
        index: usize,
        /// The server.
        server: &'a Server,
        /// Where to.
        endpoint: Endpoint<'a>,
        /// How many attempts have begun before this one. With 0, those of another server, or of the first try, are over.
        attempt: usize,
    },
    /// Wait for the attempts that are under way, until then.
    AwaitConnection {
        /// When to give up, or to begin another attempt.
        until: Timestamp,
    },
    /// Wait until then. No attempt is under way.
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
    /// Check whether the server's host has acknowledged what was sent; then [`acknowledged`](super::Client::acknowledged). A driver that cannot check it makes another
    /// connection to the server, as a trial. Bytes may still come meanwhile.
    Acknowledged {
        /// The index of the server.
        index: usize,
        /// On this connection.
        socket: &'a mut S,
        /// When to give up.
        deadline: Timestamp,
    },
    /// The call has ended.
    Finished(Result<Outcome, Failure>),
}

/// One call under way, of any kind. It is driven by [`Client::step`](super::Client::step) of the client that made it, which is not to be asked again after [`Step::Finished`].
/// To another client's `step` it has failed, and events that are reported to another client change nothing. A driver that drops a call before its end says
/// [`Client::cancel`](super::Client::cancel).
#[derive(Debug)]
#[must_use]
pub struct Call {
    pub(super) client: ClientNumber,
    pub(super) kind: Kind,
    pub(super) command: Cow<'static, [u8]>,
    /// The servers still to try: a stack, popped from the end.
    pub(super) servers: Vec<usize>,
    /// No other server can be asked.
    pub(super) only: bool,
    /// The last server of the key's order: the one that the error names if all fail.
    pub(super) last: usize,
    /// The failure of the last server.
    pub(super) failure: Option<Failure>,
    /// The server that is tried.
    pub(super) server: usize,
    /// When it was chosen.
    pub(super) chosen: Timestamp,
    pub(super) patience: Patience,
    /// When a call that may wait must be over, whatever connection it uses. Set when the conversation begins.
    pub(super) deadline: Option<Timestamp>,
    /// When the command was sent last.
    pub(super) asked: Timestamp,
    /// When the answer to it is due.
    pub(super) answer_by: Timestamp,
    /// When its acknowledgement is due, if the call checks that.
    pub(super) acknowledged_by: Option<Timestamp>,
    /// The connection was used by an earlier call and may be stale.
    pub(super) reused: bool,
    /// The server was silent: a probe is sent before the command.
    pub(super) probing: bool,
    /// Its result, if the call goes on with the release of another lock of its connection.
    pub(super) result: Option<Result<Outcome, Failure>>,
    pub(super) state: State,
}

impl Call {
    /// The index of the server that is asked, or was asked last.
    #[must_use]
    pub fn server(&self) -> usize {
        self.server
    }
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
    /// The server's addresses are not known, or not for certain.
    Naming {
        second: bool,
        /// This call is to look the name up.
        asks: bool,
    },
    Connecting {
        second: bool,
        race: Race,
    },
    Pausing {
        until: Timestamp,
    },
    /// About to release this lock, if its connection is still there.
    Releasing {
        link: LinkId,
        lock: LockNumber,
    },
    /// Reading the answers of earlier releases before the command is sent: the reference loses a line that shares a segment with another.
    CatchingUp {
        link: LinkId,
        by: Timestamp,
    },
    Sending {
        link: LinkId,
    },
    Receiving {
        link: LinkId,
    },
    /// Receiving, while the driver checks whether the server's host is still there.
    Checking {
        link: LinkId,
        by: Timestamp,
    },
    Finished(Result<Outcome, Failure>),
    /// The driver has the result.
    Over,
}

impl State {
    /// The connection that the conversation goes over.
    pub(super) fn link(&self) -> Option<LinkId> {
        match *self {
            Self::CatchingUp { link, .. }
            | Self::Sending { link }
            | Self::Receiving { link }
            | Self::Checking { link, .. } => Some(link),
            _ => None,
        }
    }
}
