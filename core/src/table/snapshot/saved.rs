//! The contents of a snapshot, independent of the version of its format.

use super::SnapshotError;
use crate::Timestamp;
use crate::stats::Statistics;
use alloc::vec::Vec;

/// A table, as it is written down.
pub(super) struct Saved {
    pub(super) statistics: Statistics,
    /// For each client, how many claims it has.
    pub(super) clients: Vec<u8>,
    pub(super) pools: Vec<SavedPool>,
}

pub(super) struct SavedPool {
    pub(super) key: Vec<u8>,
    pub(super) holders: Vec<SavedClaim>,
    pub(super) for_me: Vec<SavedClaim>,
    pub(super) for_anyone: Vec<SavedClaim>,
}

#[derive(Clone, Copy)]
pub(super) struct SavedClaim {
    /// The client's rank in [`Saved::clients`].
    pub(super) client: u32,
    /// The claim's place in the client's stack, 0 for the oldest.
    pub(super) depth: u8,
    pub(super) requested: Timestamp,
    pub(super) granted: Timestamp,
    /// When its wait ends, and the number that orders equal times.
    pub(super) deadline: Option<(Timestamp, u64)>,
}

pub(super) fn ensure(condition: bool, contradiction: &'static str) -> Result<(), SnapshotError> {
    if condition { Ok(()) } else { Err(SnapshotError::Contradiction(contradiction)) }
}
