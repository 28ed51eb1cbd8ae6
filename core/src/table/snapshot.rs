//! The whole table as bytes, for a process that takes over from another.
//!
//! The first byte is the version of the format, the rest is what [`postcard`] makes of the structures here. The bytes come from
//! another program, perhaps an older one, so nothing in them is believed before it is checked.

use super::lock::{Client, Lock, LockState, MAX_LOCKS};
use super::queue::{Links, Queue};
use super::{HashSeed, Index, LockTable, NO_DEADLINE};
use crate::Timestamp;
use crate::protocol::{MAX_LINE, Mode};
use crate::stats::Statistics;
use alloc::vec;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

const VERSION: u8 = 1;

/// As much as can be counted or waited for, and half of what there is room for: what is added to it later still fits.
const MOST: u64 = u64::MAX / 2;

/// Why bytes are not a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// There are no bytes at all.
    #[error("the snapshot is empty")]
    Empty,
    /// Another version of the format, newer than this program.
    #[error("the snapshot is of version {0}; this program reads version {VERSION}")]
    Version(u8),
    /// The bytes end early, or hold something else.
    #[error("the snapshot is damaged: {0}")]
    Damaged(#[from] postcard::Error),
    /// The bytes describe a table that cannot be.
    #[error("the snapshot contradicts itself: {0}")]
    Contradiction(&'static str),
}

#[derive(Serialize, Deserialize)]
struct Snapshot {
    statistics: Statistics,
    /// For each client, how many locks it has.
    clients: Vec<u8>,
    pools: Vec<SavedPool>,
}

#[derive(Serialize, Deserialize)]
struct SavedPool {
    key: Vec<u8>,
    holders: Vec<SavedLock>,
    for_me: Vec<SavedLock>,
    for_anyone: Vec<SavedLock>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct SavedLock {
    /// The client's rank in [`Snapshot::clients`].
    client: u32,
    /// The lock's place in the client's stack, 0 for the oldest.
    depth: u8,
    start: Timestamp,
    /// When its wait ends, and the number that orders equal times.
    deadline: Option<(Timestamp, u64)>,
}

impl LockTable {
    /// Everything that the table knows, as bytes for [`restore`](Self::restore). The wake-ups must have been taken before.
    ///
    /// # Errors
    ///
    /// If there are wake-ups that nobody has taken: they would be lost.
    pub fn snapshot(&self) -> Result<Vec<u8>, SnapshotError> {
        ensure(self.wakeups.is_empty(), "there are wake-ups that nobody has taken")?;
        let mut ranks = vec![0; self.clients.iter().last().map_or(0, |(id, _)| id as usize + 1)];
        for (rank, (id, _)) in (0..).zip(self.clients.iter()) {
            ranks[id as usize] = rank;
        }
        let saved = |queue: &Queue| queue.iter(&self.locks).map(|lock| self.save(lock, &ranks)).collect();
        let pools = self.pools.arena.iter().map(|(_, pool)| SavedPool {
            key: pool.key.to_vec(),
            holders: saved(&pool.holders),
            for_me: saved(&pool.for_me),
            for_anyone: saved(&pool.for_anyone),
        });
        let snapshot = Snapshot {
            statistics: self.statistics.clone(),
            clients: self.clients.iter().map(|(_, client)| depth(client.locks().len())).collect(),
            pools: pools.collect(),
        };
        Ok(postcard::to_extend(&snapshot, vec![VERSION])?)
    }

    fn save(&self, index: Index, ranks: &[u32]) -> SavedLock {
        let lock = &self.locks[index];
        let stack = self.clients[lock.client].locks();
        SavedLock {
            client: ranks[lock.client as usize],
            depth: depth(stack.iter().take_while(|&&other| other != index).count()),
            start: lock.start,
            deadline: self.deadlines.get(lock.deadline).map(|deadline| (deadline.at, deadline.sequence)),
        }
    }

    /// The table that [`snapshot`](Self::snapshot) wrote down.
    ///
    /// Clients are numbered anew, from 0 on, in the order of [`clients`](Self::clients) in the table that was written down.
    ///
    /// # Errors
    ///
    /// If the bytes are of another version, damaged, or describe what cannot be.
    pub fn restore(bytes: &[u8], seed: HashSeed) -> Result<Self, SnapshotError> {
        let (&version, bytes) = bytes.split_first().ok_or(SnapshotError::Empty)?;
        if version != VERSION {
            return Err(SnapshotError::Version(version));
        }
        let (snapshot, rest): (Snapshot, _) = postcard::take_from_bytes(bytes)?;
        ensure(rest.is_empty(), "something follows its end")?;
        let most = snapshot.clients.iter().copied().map(usize::from).max().unwrap_or(0);
        ensure(most <= MAX_LOCKS, "a client with more than four locks")?;
        Restoring::new(&snapshot, seed).finish(snapshot.pools)
    }
}

/// No client has more than [`MAX_LOCKS`] locks.
#[expect(clippy::cast_possible_truncation)]
fn depth(of: usize) -> u8 {
    of as u8
}

/// Whether a command could have named it.
fn is_key(key: &[u8]) -> bool {
    (1..MAX_LINE).contains(&key.len()) && !key.iter().any(|byte| b"\0\n ".contains(byte))
}

struct Restoring {
    table: LockTable,
    /// The clients' stacks, filled in the order in which the pools tell of their locks.
    stacks: Vec<Vec<Option<Index>>>,
    deadlines: Vec<(Timestamp, u64, Index)>,
}

impl Restoring {
    fn new(snapshot: &Snapshot, seed: HashSeed) -> Self {
        let mut table = LockTable::new(seed, snapshot.statistics.started);
        table.statistics = snapshot.statistics.clone();
        let stacks = snapshot.clients.iter().map(|&locks| vec![None; usize::from(locks)]).collect();
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
        for (at, _, lock) in self.deadlines {
            self.table.deadlines.set(&mut self.table.locks, lock, at);
        }
        Ok(self.table)
    }

    fn pool(&mut self, saved: &SavedPool) -> Result<(), SnapshotError> {
        ensure(is_key(&saved.key), "a key that no line can hold")?;
        ensure(!saved.holders.is_empty(), "a pool that nobody holds")?;
        let pool = self.table.pools.find_or_make(&saved.key);
        ensure(self.table.pools.arena[pool].count() == 0, "a key that has two pools")?;
        let queues = [
            (LockState::Held, &saved.holders),
            (LockState::Waiting(Mode::ForMe), &saved.for_me),
            (LockState::Waiting(Mode::ForAnyone), &saved.for_anyone),
        ];
        for (state, locks) in queues {
            for lock in locks {
                self.lock(pool, state, *lock)?;
            }
        }
        Ok(())
    }

    fn lock(&mut self, pool: Index, state: LockState, saved: SavedLock) -> Result<(), SnapshotError> {
        let stack = self
            .stacks
            .get_mut(saved.client as usize)
            .ok_or(SnapshotError::Contradiction("a lock of an unknown client"))?;
        let newest = usize::from(saved.depth) + 1 == stack.len();
        ensure(state == LockState::Held || newest, "a waiting lock that is not its client's newest")?;
        ensure(state != LockState::Held || saved.deadline.is_none(), "a held lock with a deadline")?;
        let place = stack
            .get_mut(usize::from(saved.depth))
            .ok_or(SnapshotError::Contradiction("a lock beyond its client's stack"))?;
        ensure(place.is_none(), "two locks in one place")?;
        let lock =
            Lock { pool, client: saved.client, state, start: saved.start, links: Links::NONE, deadline: NO_DEADLINE };
        let index = self.table.locks.insert(lock);
        *place = Some(index);
        self.table.pools.arena[pool].queue(state).push(&mut self.table.locks, index);
        self.deadlines.extend(saved.deadline.map(|(at, sequence)| (at, sequence, index)));
        Ok(())
    }

    fn fill_stacks(&mut self) -> Result<(), SnapshotError> {
        for (client, stack) in (0..).zip(&self.stacks) {
            for lock in stack {
                let lock = lock.ok_or(SnapshotError::Contradiction("a client's lock that is in no pool"))?;
                self.table.clients[client].push(lock);
            }
        }
        Ok(())
    }

    /// Everything in them is added to later on, and the gauges are subtracted from, so they must cover what is there.
    fn check_statistics(&self) -> Result<(), SnapshotError> {
        let Statistics { counters, times, .. } = &self.table.statistics;
        let mut sums = counters.listed(0).into_iter().chain(times.listed());
        ensure(sums.all(|(_, sum)| sum <= MOST), "statistics that nothing can bring about")?;
        let held = self.table.locks.iter().filter(|(_, lock)| lock.state == LockState::Held).count() as u64;
        let waiting = self.table.locks.len() as u64 - held;
        ensure(counters.processing_workers == held, "another number of holders than counted")?;
        ensure(counters.waiting_workers >= waiting, "more waiters than counted")
    }
}

fn ensure(condition: bool, contradiction: &'static str) -> Result<(), SnapshotError> {
    if condition { Ok(()) } else { Err(SnapshotError::Contradiction(contradiction)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_that_would_overflow_are_refused() {
        const SEED: HashSeed = HashSeed::new(1, 2);
        let table = LockTable::new(SEED, Timestamp::from_micros(0));
        let sums = table.statistics.counters.listed(0).len() - 1 + table.statistics.times.listed().len();
        let snapshot = table.snapshot().expect("a snapshot");
        // The version and the start come before them; each is 0, in a byte.
        for place in (2..).take(sums) {
            let restored = |sum: u64| {
                let mut bytes = snapshot.clone();
                bytes.splice(place..=place, postcard::to_allocvec(&sum).expect("a number"));
                LockTable::restore(&bytes, SEED).map(|_| ())
            };
            let refused = Err(SnapshotError::Contradiction("statistics that nothing can bring about"));
            assert_eq!(restored(MOST + 1), refused, "{place}");
            assert_ne!(restored(MOST), refused, "{place}");
        }
    }
}
