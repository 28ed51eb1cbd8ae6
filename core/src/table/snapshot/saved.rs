//! The contents of a snapshot, independent of the version of its format.

use super::SnapshotError;
use crate::Timestamp;
use crate::figures::SavedFigures;
use crate::stats::Statistics;
use crate::table::claim::Asked;
use alloc::vec::Vec;

/// A table, as it is saved.
pub(super) struct Saved {
    pub(super) statistics: Statistics,
    /// For each client, how many claims it has.
    pub(super) clients: Vec<u8>,
    pub(super) pools: Vec<SavedPool>,
    pub(super) figures: Option<SavedFigures>,
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
    pub(super) asked: Asked,
    /// It is held, and was reported as overdue.
    pub(super) overdue: bool,
}

impl Saved {
    /// All claims in their order.
    pub(super) fn claims(&self) -> impl Iterator<Item = &SavedClaim> {
        self.pools.iter().flat_map(|pool| pool.holders.iter().chain(&pool.for_me).chain(&pool.for_anyone))
    }

    pub(super) fn claims_mut(&mut self) -> impl Iterator<Item = &mut SavedClaim> {
        self.pools
            .iter_mut()
            .flat_map(|pool| pool.holders.iter_mut().chain(&mut pool.for_me).chain(&mut pool.for_anyone))
    }
}

pub(super) fn ensure(condition: bool, contradiction: &'static str) -> Result<(), SnapshotError> {
    if condition { Ok(()) } else { Err(SnapshotError::Contradiction(contradiction)) }
}
