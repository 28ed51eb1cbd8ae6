//! What happens to claims. The lock table reports each event in one place, to every listener.

use crate::Timestamp;
use crate::protocol::Mode;

/// Something that happened to a client's claim to a key, or a claim that it could not make. The moment at which it happened goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The client got the lock without waiting.
    Granted,
    /// The lock was not free: the client waits for it.
    WaitBegan(Mode),
    /// The client does not get the lock, and does not wait for it.
    Refused(Refusal),
    /// A wait is over.
    WaitEnded {
        /// How the client waited.
        mode: Mode,
        /// When it began to wait.
        since: Timestamp,
        /// Why it waits no longer.
        end: WaitEnd,
    },
    /// A held lock is free again, or about to be granted to the next client.
    HoldEnded {
        /// When the client asked for the lock.
        requested: Timestamp,
        /// When the client got it: the same moment, unless it had to wait.
        granted: Timestamp,
        /// Why it holds the lock no longer.
        end: HoldEnd,
    },
    /// The client asked for something that its state does not allow.
    Misused(Misuse),
}

/// Why a client gets no place in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// As many as `maxqueue` hold the key or wait for it: `QUEUE_FULL`.
    QueueFull,
    /// The lock is not free, and the client asked with a timeout of 0: `TIMEOUT`.
    NotFree,
}

/// Why a wait is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitEnd {
    /// The client got the lock: `LOCKED`.
    Granted,
    /// The holder has released the lock, so its work is done for everyone: `DONE`.
    Done {
        /// When that holder had asked for the lock.
        work_requested: Timestamp,
    },
    /// The client's timeout has passed: `TIMEOUT`.
    TimedOut,
    /// The client sent `RELEASE` while it waited.
    Cancelled,
    /// The client has left.
    Left,
}

/// Why a lock is held no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HoldEnd {
    /// Its client sent `RELEASE`.
    Released,
    /// Its client has left, its work unfinished.
    Left,
}

/// What a client's state does not allow.
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
