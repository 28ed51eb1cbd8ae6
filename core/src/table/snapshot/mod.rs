//! The whole table as bytes, for a process that takes over from another.
//!
//! The first byte is the version of the format, the rest is encoded by [`postcard`]. The bytes come from
//! another program, perhaps an older one, so all of them are checked before use.

mod saved;
mod sections;
mod standing;
mod statistics;
mod version_1;
mod version_2;

use super::claim::{Claim, ClaimState, Client, MAX_CLAIMS};
use super::queue::{Links, Queue};
use super::{HashSeed, Index, LockTable, NO_DEADLINE};
use crate::Timestamp;
use crate::figures::Figures;
use crate::protocol::{Mode, is_key};
use crate::stats::Statistics;
use alloc::vec;
use alloc::vec::Vec;
pub use sections::{read_section, write_section};
pub(crate) use statistics::SavedStatistics;

use saved::{Saved, SavedClaim, SavedPool, ensure};

/// The version that is written. Every older one can be read.
const VERSION: u8 = 2;

/// The largest sum that is accepted. It is half of the type's maximum, so that later additions cannot overflow.
const MAX_SUM: u64 = u64::MAX / 2;

/// Why bytes are not a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// There are no bytes at all.
    #[error("the snapshot is empty")]
    Empty,
    /// Another version of the format, newer than this program.
    #[error("the snapshot is of version {0}; this program reads versions up to {VERSION}")]
    Version(u8),
    /// A section that only a newer program knows.
    #[error("the snapshot has a section {0}, which this program does not know")]
    Section(u8),
    /// The bytes end early, or hold something else.
    #[error("the snapshot is damaged: {0}")]
    Damaged(#[from] postcard::Error),
    /// The bytes describe a table that cannot be.
    #[error("the snapshot contradicts itself: {0}")]
    Contradiction(&'static str),
}

impl LockTable {
    /// Everything that the table knows, as bytes for [`restore`](Self::restore). The wake-ups must have been taken before.
    ///
    /// # Errors
    ///
    /// If there are wake-ups that were not taken: they would be lost.
    pub fn snapshot(&self) -> Result<Vec<u8>, SnapshotError> {
        ensure(self.wakeups.is_empty(), "there are wake-ups that were not taken")?;
        let mut ranks = vec![0; self.clients.iter().last().map_or(0, |(id, _)| id as usize + 1)];
        for (rank, (id, _)) in (0..).zip(self.clients.iter()) {
            ranks[id as usize] = rank;
        }
        let saved = |queue: &Queue| queue.iter(&self.claims).map(|claim| self.save(claim, &ranks)).collect();
        let pools = self.pools.arena.iter().map(|(_, pool)| SavedPool {
            key: pool.key.to_vec(),
            holders: saved(&pool.holders),
            for_me: saved(&pool.for_me),
            for_anyone: saved(&pool.for_anyone),
        });
        let saved = Saved {
            statistics: self.statistics.clone(),
            clients: self.clients.iter().map(|(_, client)| depth(client.claims().len())).collect(),
            pools: pools.collect(),
            figures: self.figures().map(Figures::save),
        };
        version_2::write(saved, vec![VERSION])
    }

    fn save(&self, index: Index, ranks: &[u32]) -> SavedClaim {
        let claim = &self.claims[index];
        let stack = self.clients[claim.client].claims();
        SavedClaim {
            client: ranks[claim.client as usize],
            depth: depth(stack.iter().take_while(|&&other| other != index).count()),
            requested: claim.requested,
            granted: claim.granted,
            deadline: self.wait_deadline(claim).map(|deadline| (deadline.at, deadline.sequence)),
            asked: claim.asked,
            overdue: claim.overdue,
        }
    }

    /// The table that [`snapshot`](Self::snapshot) wrote down.
    ///
    /// Clients are numbered anew, from 0 on, in the order of [`clients`](Self::clients) in the table that was written down.
    ///
    /// Figures are on if they were. They have no rules for groups, so all keys belong to `other`, until [`observe`](Self::observe) goes on with them.
    ///
    /// # Errors
    ///
    /// If the bytes are of another version, damaged, or describe what cannot be.
    pub fn restore(bytes: &[u8], seed: HashSeed) -> Result<Self, SnapshotError> {
        let (&version, bytes) = bytes.split_first().ok_or(SnapshotError::Empty)?;
        let saved = match version {
            1 => version_1::read(bytes)?,
            2 => version_2::read(bytes)?,
            newer => return Err(SnapshotError::Version(newer)),
        };
        let most = saved.clients.iter().copied().map(usize::from).max().unwrap_or(0);
        ensure(most <= MAX_CLAIMS, "a client with more than four locks")?;
        let mut table = Restoring::new(&saved, seed).finish(saved.pools)?;
        if let Some(figures) = saved.figures {
            let figures = Figures::restore(figures, |key| table.pools.hash(key));
            table.install(figures.map_err(SnapshotError::Contradiction)?);
        }
        Ok(table)
    }
}

/// No client has more than [`MAX_CLAIMS`] claims.
#[expect(clippy::cast_possible_truncation)]
fn depth(of: usize) -> u8 {
    of as u8
}

struct Restoring {
    table: LockTable,
    /// The clients' stacks. They are filled in the order of the pools.
    stacks: Vec<Vec<Option<Index>>>,
    deadlines: Vec<(Timestamp, u64, Index)>,
}

impl Restoring {
    fn new(saved: &Saved, seed: HashSeed) -> Self {
        let mut table = LockTable::new(seed, saved.statistics.started);
        table.statistics = saved.statistics.clone();
        let stacks = saved.clients.iter().map(|&claims| vec![None; usize::from(claims)]).collect();
        Self { table, stacks, deadlines: Vec::new() }
    }

    fn finish(mut self, pools: Vec<SavedPool>) -> Result<LockTable, SnapshotError> {
        self.table.clients = self.stacks.iter().map(|_| Client::default()).collect();
        for pool in pools {
            self.pool(&pool)?;
        }
        self.fill_stacks()?;
        self.check_statistics()?;
        self.deadlines.sort_unstable();
        for (at, _, claim) in self.deadlines {
            self.table.deadlines.set(&mut self.table.claims, claim, at);
        }
        Ok(self.table)
    }

    fn pool(&mut self, saved: &SavedPool) -> Result<(), SnapshotError> {
        ensure(is_key(&saved.key), "a key that no line can hold")?;
        ensure(!saved.holders.is_empty(), "a pool has no holder")?;
        let pool = self.table.pools.find_or_make(&saved.key, &mut None);
        ensure(self.table.pools.arena[pool].count() == 0, "a key that has two pools")?;
        let queues = [
            (ClaimState::Held, &saved.holders),
            (ClaimState::Waiting(Mode::ForMe), &saved.for_me),
            (ClaimState::Waiting(Mode::ForAnyone), &saved.for_anyone),
        ];
        for (state, claims) in queues {
            for claim in claims {
                self.claim(pool, state, *claim)?;
            }
        }
        Ok(())
    }

    fn claim(&mut self, pool: Index, state: ClaimState, saved: SavedClaim) -> Result<(), SnapshotError> {
        let stack = self
            .stacks
            .get_mut(saved.client as usize)
            .ok_or(SnapshotError::Contradiction("a lock of an unknown client"))?;
        let newest = usize::from(saved.depth) + 1 == stack.len();
        ensure(state == ClaimState::Held || newest, "a waiting lock that is not its client's newest")?;
        ensure(state != ClaimState::Held || saved.deadline.is_none(), "a held lock with a deadline")?;
        let same_mode =
            saved.asked.mode.is_none_or(|mode| state == ClaimState::Held || state == ClaimState::Waiting(mode));
        ensure(same_mode, "a waiting lock of another mode than its queue")?;
        ensure(saved.asked.can_be(), "a lock with limits that cannot be")?;
        ensure(state == ClaimState::Held || !saved.overdue, "a waiting lock that is held for too long")?;
        let place = stack
            .get_mut(usize::from(saved.depth))
            .ok_or(SnapshotError::Contradiction("a lock beyond its client's stack"))?;
        ensure(place.is_none(), "two locks in one place")?;
        let claim = Claim {
            pool,
            client: saved.client,
            state,
            requested: saved.requested,
            granted: saved.granted,
            asked: saved.asked,
            links: Links::NONE,
            deadline: NO_DEADLINE,
            overdue: saved.overdue,
        };
        let index = self.table.claims.insert(claim);
        *place = Some(index);
        self.table.pools.arena[pool].queue(state).push(&mut self.table.claims, index);
        self.deadlines.extend(saved.deadline.map(|(at, sequence)| (at, sequence, index)));
        Ok(())
    }

    fn fill_stacks(&mut self) -> Result<(), SnapshotError> {
        for (client, stack) in (0..).zip(&self.stacks) {
            for claim in stack {
                let claim = claim.ok_or(SnapshotError::Contradiction("a client's lock that is in no pool"))?;
                self.table.clients[client].push(claim);
            }
        }
        Ok(())
    }

    /// Everything in them is added to later on, and the gauges are subtracted from, so they must cover what is there.
    fn check_statistics(&self) -> Result<(), SnapshotError> {
        let Statistics { counters, times, .. } = &self.table.statistics;
        let mut sums = counters.listed(0).chain(times.listed());
        ensure(sums.all(|(_, sum)| sum <= MAX_SUM), "a statistic that is impossibly large")?;
        let held = self.table.claims.iter().filter(|(_, claim)| claim.state == ClaimState::Held).count() as u64;
        let waiting = self.table.claims.len() as u64 - held;
        ensure(counters.processing_workers == held, "another number of holders than counted")?;
        ensure(counters.waiting_workers >= waiting, "more waiters than counted")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_that_would_overflow_are_refused() {
        const SEED: HashSeed = HashSeed::new(1, 2);
        // Of the gauges only the one of the waiters may be more than there are.
        let sums: [fn(&mut Statistics) -> &mut u64; 17] = [
            |of| &mut of.counters.total_acquired,
            |of| &mut of.counters.total_releases,
            |of| &mut of.counters.waiting_workers,
            |of| &mut of.counters.connect_errors,
            |of| &mut of.counters.failed_sends,
            |of| &mut of.counters.full_queues,
            |of| &mut of.counters.lock_mismatch,
            |of| &mut of.counters.lock_while_waiting,
            |of| &mut of.counters.release_mismatch,
            |of| &mut of.counters.processed_count,
            |of| &mut of.times.processing,
            |of| &mut of.times.gained,
            |of| &mut of.times.waiting,
            |of| &mut of.times.waiting_for_me,
            |of| &mut of.times.waiting_for_anyone,
            |of| &mut of.times.waiting_for_good,
            |of| &mut of.times.wasted_timeout,
        ];
        for (place, sum) in sums.iter().enumerate() {
            let restored = |value: u64| {
                let mut table = LockTable::new(SEED, Timestamp::from_micros(0));
                *sum(&mut table.statistics) = value;
                LockTable::restore(&table.snapshot().expect("a snapshot"), SEED).map(|_| ())
            };
            let refused = Err(SnapshotError::Contradiction("a statistic that is impossibly large"));
            assert_eq!(restored(MAX_SUM + 1), refused, "{place}");
            assert_eq!(restored(MAX_SUM), Ok(()), "{place}");
        }
    }
}
