//! The records of a recording, as they are written. Their order is their number in the file: add new records at the end.

use crate::protocol::{Mode, Response};
use crate::table::SavedStatistics;
use alloc::borrow::Cow;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// The head: it follows the version.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Head<'a> {
    pub(super) server: &'a str,
    pub(super) program: &'a str,
    pub(super) started: u64,
    pub(super) anonymous: bool,
    pub(super) groups: Option<Vec<&'a str>>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Record<'a> {
    Segment {
        clock: u64,
        wall: u64,
        left_out: u64,
        statistics: SavedStatistics,
    },
    Key {
        group: &'a str,
        name: Name<'a>,
    },
    #[serde(borrow)]
    Standing(Cow<'a, Standing>),
    Complete,
    Acquire {
        after: i64,
        client: u32,
        key: u32,
        mode: Mode,
        workers: u32,
        maxqueue: u32,
        timeout: u32,
        answer: Answer,
    },
    Release {
        after: i64,
        client: u32,
        answer: Answer,
    },
    Read {
        after: i64,
        client: u32,
    },
    Left {
        after: i64,
        client: u32,
    },
    Expiry {
        after: i64,
    },
    Statistic {
        after: i64,
        client: u32,
        name: &'a [u8],
        checksum: u32,
    },
    Other {
        after: i64,
        client: u32,
        answer: Answer,
    },
    Counted {
        failed_send: bool,
    },
    Told {
        client: u32,
        answer: Answer,
    },
}

/// The name of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Name<'a> {
    Plain(&'a [u8]),
    Number(u64),
}

/// One key at the beginning of a segment: its holders and its waiters, each in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Standing {
    /// The number of the key.
    pub key: u32,
    /// Who holds it.
    pub holders: Vec<StandingClaim>,
    /// Who waits for it, for the lock alone.
    pub for_me: Vec<StandingClaim>,
    /// Who waits for it, for the lock or for the result of another.
    pub for_anyone: Vec<StandingClaim>,
}

/// A claim at the beginning of a segment. Times are microseconds of the table's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StandingClaim {
    /// The number of its client.
    pub client: u32,
    /// Its place in its client's stack.
    pub depth: u8,
    /// When it was asked for.
    pub requested: u64,
    /// When it was granted, if it is held.
    pub granted: u64,
    /// When its wait ends, and the number that orders equal times.
    pub deadline: Option<(u64, u64)>,
    /// Workers, maxqueue and timeout, if known.
    pub limits: Option<(u32, u32, u32)>,
    /// How it was asked for, if known.
    pub mode: Option<Mode>,
}

/// An answer, or that there was none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Answer {
    None,
    Locked,
    Done,
    QueueFull,
    Timeout,
    LockHeld,
    Released,
    NotLocked,
    WaitForResponse,
    BadSyntax,
    BadCommand,
    LineTooLong,
    WrongStat,
}

impl From<Option<&Response>> for Answer {
    fn from(response: Option<&Response>) -> Self {
        match response {
            // A text is recorded by its checksum.
            None | Some(Response::Stats(_)) => Self::None,
            Some(Response::Locked) => Self::Locked,
            Some(Response::Done) => Self::Done,
            Some(Response::QueueFull) => Self::QueueFull,
            Some(Response::Timeout) => Self::Timeout,
            Some(Response::LockHeld) => Self::LockHeld,
            Some(Response::Released) => Self::Released,
            Some(Response::NotLocked) => Self::NotLocked,
            Some(Response::WaitForResponse) => Self::WaitForResponse,
            Some(Response::BadSyntax) => Self::BadSyntax,
            Some(Response::BadCommand) => Self::BadCommand,
            Some(Response::LineTooLong) => Self::LineTooLong,
            Some(Response::WrongStat) => Self::WrongStat,
        }
    }
}

impl From<Answer> for Option<Response> {
    fn from(answer: Answer) -> Self {
        Some(match answer {
            Answer::None => return None,
            Answer::Locked => Response::Locked,
            Answer::Done => Response::Done,
            Answer::QueueFull => Response::QueueFull,
            Answer::Timeout => Response::Timeout,
            Answer::LockHeld => Response::LockHeld,
            Answer::Released => Response::Released,
            Answer::NotLocked => Response::NotLocked,
            Answer::WaitForResponse => Response::WaitForResponse,
            Answer::BadSyntax => Response::BadSyntax,
            Answer::BadCommand => Response::BadCommand,
            Answer::LineTooLong => Response::LineTooLong,
            Answer::WrongStat => Response::WrongStat,
        })
    }
}

impl Standing {
    pub(crate) fn claims(&self) -> impl Iterator<Item = &StandingClaim> {
        self.holders.iter().chain(&self.for_me).chain(&self.for_anyone)
    }

    /// How many hold the key.
    #[must_use]
    pub fn holder_count(&self) -> usize {
        self.holders.len()
    }

    /// How many wait for the key.
    #[must_use]
    pub fn waiter_count(&self) -> usize {
        self.for_me.len() + self.for_anyone.len()
    }
}
