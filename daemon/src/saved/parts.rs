use poolcounter::Timestamp;
use poolcounter::protocol::LineBuffer;
use serde::{Deserialize, Serialize};

/// A listener.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedListener {
    /// It listened before the daemon opened it.
    pub(crate) inherited: bool,
    /// The file of a Unix socket that the daemon removes at its end: path, device and inode.
    pub(crate) file: Option<(Vec<u8>, u64, u64)>,
}

/// The state that a daemon with an admin interface has in addition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SavedAdmin {
    pub(crate) listeners: Vec<SavedListener>,
    pub(crate) serials: SavedSerials,
    pub(crate) upgrades: SavedUpgrades,
}

/// The client numbers that people see.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedSerials {
    /// The number of the newest client.
    pub(crate) last: u64,
    /// Each client's number, and when it connected.
    pub(crate) clients: Vec<(u64, Timestamp)>,
}

/// The upgrades since the start, and this one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedUpgrades {
    /// How many have succeeded before this one.
    pub(crate) count: u64,
    /// How many have failed.
    pub(crate) failed: u64,
    /// When the daemon stopped serving clients for this upgrade.
    pub(crate) paused: Timestamp,
}

/// The state that what operators do has added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SavedActs {
    pub(crate) disconnects: SavedDisconnects,
    pub(crate) drain: SavedDrain,
}

/// Draining, now and since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedDrain {
    /// How many locks were held when draining began.
    pub(crate) holders: u64,
    /// While the daemon drains, the addresses that it has closed, as options name them. Of the listeners that are handed over, those of TCP are shut down.
    pub(crate) closed: Option<Vec<String>>,
}

/// How many holders were disconnected since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedDisconnects {
    /// By `--max-hold`.
    pub(crate) overdue: u64,
    /// At an operator's request.
    pub(crate) by_hand: u64,
}

/// Lines and answers that are under way between the daemon and a client.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedClient {
    /// The client's number in the read order. The numbers rise from one client to the next.
    pub(crate) number: u64,
    pub(crate) line: UnfinishedLine,
    /// Answers that the socket has not taken yet, if there are any.
    pub(crate) unsent: Option<SavedAnswers>,
}

/// The bytes of a line whose end has not arrived. It is saved like an `Option`.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum UnfinishedLine {
    /// The line is too long. It was answered, and the rest of it is skipped.
    Skipping,
    /// These bytes; none if the last line was complete.
    Bytes(Vec<u8>),
}

impl UnfinishedLine {
    pub(crate) fn of(lines: &LineBuffer) -> Self {
        lines.pending().map_or(Self::Skipping, |bytes| Self::Bytes(bytes.to_vec()))
    }

    /// The buffer that has this line; `None` if these bytes cannot be an unfinished line.
    pub(super) fn resume(&self) -> Option<LineBuffer> {
        LineBuffer::resume(match self {
            Self::Skipping => None,
            Self::Bytes(bytes) => Some(bytes),
        })
    }
}

/// Answers that the socket has not taken yet.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedAnswers {
    pub(crate) bytes: Vec<u8>,
    /// The client is dropped if it takes no byte of them before this time.
    pub(crate) deadline: Timestamp,
}

/// A client, read from the saved state.
#[derive(Debug)]
pub(crate) struct ResumedClient {
    pub(crate) number: u64,
    pub(crate) lines: LineBuffer,
    pub(crate) unsent: Option<SavedAnswers>,
}
