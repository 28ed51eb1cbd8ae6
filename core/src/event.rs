//! Events of claims: begun, granted, refused, ended. The lock table reports each event in one place, to every listener.

use crate::Timestamp;
use crate::protocol::Mode;

/// A change of a client's claim to a key, or a claim that was refused. The listener gets its time separately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The client got the lock without waiting.
    Granted,
    /// The lock was not free: the client waits for it.
    WaitBegan(Mode),
    /// The client neither gets the lock nor waits for it.
    Refused(Refusal),
    /// A wait is over.
    WaitEnded {
        /// How the client waited.
        mode: Mode,
        /// When it began to wait.
        since: Timestamp,
        /// Why the wait ended.
        end: WaitEnd,
    },
    /// A client no longer holds its lock: the lock is free, or is about to be granted to a waiter.
    HoldEnded {
        /// When the client asked for the lock.
        requested: Timestamp,
        /// When the client got it: the same time, unless it had to wait.
        granted: Timestamp,
        /// Why the hold ended.
        end: HoldEnd,
    },
    /// The client asked for something that its state does not allow.
    Misused(Misuse),
}

/// Why an acquire is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The pool has `maxqueue` claims, held and waiting: `QUEUE_FULL`.
    QueueFull,
    /// The lock is not free, and the client asked with a timeout of 0: `TIMEOUT`.
    NotFree,
}

/// Why a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitEnd {
    /// The client got the lock: `LOCKED`.
    Granted,
    /// A for-anyone waiter: another client released the key, so the result is there: `DONE`.
    Done {
        /// When the client that released had asked for its lock.
        work_requested: Timestamp,
    },
    /// The client's timeout has passed: `TIMEOUT`.
    TimedOut,
    /// The client sent `RELEASE` while it waited.
    Cancelled,
    /// The client has left.
    Left,
}

/// Why a hold ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HoldEnd {
    /// Its client sent `RELEASE`.
    Released,
    /// Its client has left without finishing the work.
    Left,
}

/// A command that the client's state does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misuse {
    /// An acquire with four locks: `LOCK_HELD`.
    TooManyLocks,
    /// An acquire during a wait: `ERROR WAIT_FOR_RESPONSE`.
    AcquireWhileWaiting,
    /// A release with no lock: `NOT_LOCKED`.
    NothingToRelease,
}
