use alloc::string::String;

/// An answer of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Response {
    /// The client holds the lock and does the work.
    Locked,
    /// Another client did the work: the result is in the cache.
    Done,
    /// As many as `maxqueue` hold the key or wait for it already.
    QueueFull,
    /// The wait was longer than the client's timeout.
    Timeout,
    /// The client has four locks already.
    LockHeld,
    /// The client's newest lock is released.
    Released,
    /// There was no lock to release.
    NotLocked,
    /// An acquire while the client waits for a lock.
    WaitForResponse,
    /// An acquire without a key, or with no workers or no room in the queue.
    BadSyntax,
    /// A line that is no command.
    BadCommand,
    /// A line of more than [`MAX_LINE`](super::MAX_LINE) bytes. The reference has no such answer: it cuts the line.
    LineTooLong,
    /// A question for a statistic that does not exist.
    WrongStat,
    /// The text that `STATS` asked for.
    Stats(String),
}

impl Response {
    /// The bytes of the answer. Each ends in LF, except [`WrongStat`](Self::WrongStat), which has no line end, as in the reference.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Locked => b"LOCKED\n",
            Self::Done => b"DONE\n",
            Self::QueueFull => b"QUEUE_FULL\n",
            Self::Timeout => b"TIMEOUT\n",
            Self::LockHeld => b"LOCK_HELD\n",
            Self::Released => b"RELEASED\n",
            Self::NotLocked => b"NOT_LOCKED\n",
            Self::WaitForResponse => b"ERROR WAIT_FOR_RESPONSE\n",
            Self::BadSyntax => b"ERROR BAD_SYNTAX\n",
            Self::BadCommand => b"ERROR BAD_COMMAND\n",
            Self::LineTooLong => b"ERROR LINE_TOO_LONG\n",
            Self::WrongStat => b"ERROR WRONG_STAT",
            Self::Stats(text) => text.as_bytes(),
        }
    }
}
