use poolcounter::Timestamp;
use poolcounter::protocol::LineBuffer;
use serde::{Deserialize, Serialize};

/// What is to be known of a listener.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedListener {
    /// It was listening before it was the daemon's.
    pub(crate) inherited: bool,
    /// The file that goes with it: its path, device and inode.
    pub(crate) file: Option<(Vec<u8>, u64, u64)>,
}

/// What is under way between the daemon and a client.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pending {
    /// By which the arrivals know it. The numbers rise from one client to the next.
    pub(crate) number: u64,
    /// Half a line that has come; `None` while the rest of one that was too long is skipped.
    pub(crate) half_line: Option<Vec<u8>>,
    /// Answers that the socket has not taken yet, if there are any.
    pub(crate) unsent: Option<SavedAnswers>,
}

/// Answers on their way.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedAnswers {
    pub(crate) bytes: Vec<u8>,
    /// When the client is given up, if it has taken none of them by then.
    pub(crate) deadline: Timestamp,
}

/// A client's side of [`State`].
#[derive(Debug)]
pub(crate) struct ResumedClient {
    pub(crate) number: u64,
    pub(crate) lines: LineBuffer,
    pub(crate) unsent: Option<SavedAnswers>,
}
