use super::Lock;
use alloc::string::String;

/// Why a call got no answer. It names the server, if it concerns one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The settings name no server.
    #[error("no PoolCounter server is configured")]
    NoServer,
    /// A key that cannot be sent. Nothing was sent.
    #[error("the key {0}")]
    BadKey(BadKey),
    /// The name of a statistic that cannot be asked for; nothing was sent.
    #[error("the name of the statistic {0}")]
    BadStatistic(BadKey),
    /// No server could be connected to; this is the last one of the key's order.
    #[error("cannot connect to {server}: {cause}")]
    Connect {
        /// As it is configured.
        server: String,
        /// The system's text.
        cause: String,
    },
    /// A command could not be sent.
    #[error("cannot send to {server}: {cause}")]
    Write {
        /// As it is configured.
        server: String,
        /// The system's text.
        cause: String,
    },
    /// No valid answer came in time.
    #[error("no answer from {server}: {cause}")]
    Read {
        /// As it is configured.
        server: String,
        /// The system's text.
        cause: String,
    },
    /// The server answered `ERROR`.
    #[error("{server} refused: {message}")]
    Remote {
        /// As it is configured.
        server: String,
        /// What followed the word.
        message: String,
    },
    /// The lock belongs to another client. Nothing was sent.
    #[error("the client has no such lock")]
    NoSuchLock,
    /// The call belongs to another client.
    #[error("the client has no such call")]
    NoSuchCall,
    /// The call's client was dropped, or belongs to the parent of a fork.
    #[cfg(feature = "nonblocking")]
    #[error("the client was dropped")]
    ClientDropped,
}

/// A lock or a call was given to a client that it does not belong to. Here it is, unchanged.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is another client's")]
pub struct NotOwned<T>(pub T);

impl From<NotOwned<Lock>> for Failure {
    fn from(_: NotOwned<Lock>) -> Self {
        Self::NoSuchLock
    }
}

/// Why a lock was not released.
#[cfg(feature = "blocking")]
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReleased {
    /// It belongs to another client. Nothing was sent.
    #[error(transparent)]
    NotOwned(#[from] NotOwned<Lock>),
    /// The server gave no answer, or refused.
    #[error(transparent)]
    Failed(#[from] Failure),
}

#[cfg(feature = "blocking")]
impl From<NotReleased> for Failure {
    fn from(not: NotReleased) -> Self {
        match not {
            NotReleased::NotOwned(not) => not.into(),
            NotReleased::Failed(failure) => failure,
        }
    }
}

/// Why a key, or the name of a statistic, cannot be sent. A line feed within a key would forge a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadKey {
    /// It has no bytes.
    #[error("is empty")]
    Empty,
    /// It holds a NUL byte.
    #[error("contains a NUL byte")]
    Nul,
    /// It holds a line feed.
    #[error("contains a line feed")]
    LineFeed,
    /// It holds a carriage return.
    #[error("contains a carriage return")]
    CarriageReturn,
    /// Its line would be longer than [`MAX_LINE`](crate::protocol::MAX_LINE).
    #[error("is too long: its command would take {0} bytes, and 1024 is the most")]
    TooLong(usize),
}
