use super::arena::{Arena, Index};
use super::claim::ClaimState;
use super::observed::Listeners;
use super::queue::Queue;
use crate::key::GroupId;
use crate::protocol::Mode;
use alloc::boxed::Box;
use hashbrown::HashTable;
use siphasher::sip::SipHasher13;

/// Below this many places the index of keys is not worth shrinking.
const SMALL_INDEX: usize = 1_024;

/// The seed of the keys' hashes.
///
/// Keys come from clients. Without knowing the seed, a client cannot make keys that collide and slow the table down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashSeed(u64, u64);

impl HashSeed {
    /// A seed of 128 bits; they should be random where clients are not trusted.
    #[must_use]
    pub const fn new(high: u64, low: u64) -> Self {
        Self(high, low)
    }

    pub(crate) fn hasher(self) -> SipHasher13 {
        SipHasher13::new_with_keys(self.0, self.1)
    }
}

/// One key: who holds it and who waits for it.
#[derive(Debug)]
pub(super) struct Pool {
    pub(super) key: Box<[u8]>,
    pub(super) hash: u64,
    /// [`GroupId::OTHER`] unless somebody has asked for figures.
    pub(super) group: GroupId,
    pub(super) holders: Queue,
    pub(super) for_me: Queue,
    pub(super) for_anyone: Queue,
}

impl Pool {
    /// The number of claims to the key, held and waiting.
    pub(super) fn count(&self) -> u32 {
        self.holders.len() + self.for_me.len() + self.for_anyone.len()
    }

    pub(super) fn queue(&mut self, state: ClaimState) -> &mut Queue {
        match state {
            ClaimState::Held => &mut self.holders,
            ClaimState::Waiting(Mode::ForMe) => &mut self.for_me,
            ClaimState::Waiting(Mode::ForAnyone) => &mut self.for_anyone,
        }
    }
}

/// The pools that have a claim, found by key.
#[derive(Debug)]
pub(super) struct Pools {
    pub(super) arena: Arena<Pool>,
    by_key: HashTable<Index>,
    pub(super) seed: HashSeed,
}

impl Pools {
    pub(super) fn new(seed: HashSeed) -> Self {
        Self { arena: Arena::new(), by_key: HashTable::new(), seed }
    }

    pub(super) fn find(&self, key: &[u8]) -> Option<Index> {
        self.find_hashed(self.hash(key), key)
    }

    #[inline]
    pub(super) fn find_hashed(&self, hash: u64, key: &[u8]) -> Option<Index> {
        self.by_key.find(hash, |&pool| *self.arena[pool].key == *key).copied()
    }

    /// The pool of `key`, made if there is none. Listeners are told of one that is made, and say which group it belongs to.
    pub(super) fn find_or_make(&mut self, key: &[u8], listeners: &mut Option<Box<Listeners>>) -> Index {
        let hash = self.hash(key);
        if let Some(pool) = self.find_hashed(hash, key) {
            return pool;
        }
        let arena = &mut self.arena;
        let pool = arena.insert(Pool {
            key: key.into(),
            hash,
            group: listeners.as_mut().map_or(GroupId::OTHER, |listeners| listeners.key_born(key, hash)),
            holders: Queue::EMPTY,
            for_me: Queue::EMPTY,
            for_anyone: Queue::EMPTY,
        });
        self.by_key.insert_unique(hash, pool, |&pool| arena[pool].hash);
        pool
    }

    pub(super) fn remove(&mut self, pool: Index) {
        if let Ok(entry) = self.by_key.find_entry(self.arena[pool].hash, |&other| other == pool) {
            entry.remove();
        }
        self.arena.remove(pool);
        if self.by_key.capacity() > SMALL_INDEX.max(self.by_key.len() * 8) {
            let arena = &self.arena;
            self.by_key.shrink_to(self.by_key.len() * 2, |&pool| arena[pool].hash);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.arena.len()
    }

    pub(super) fn hash(&self, key: &[u8]) -> u64 {
        self.seed.hasher().hash(key)
    }
}
