use super::lock::Client;
use super::pool::Pool;
use super::queue::Queue;
use super::{ClientId, Index, LockState, LockTable};
use crate::Timestamp;

/// One key as it stands: who holds it and who waits for it.
#[derive(Clone, Copy, Debug)]
pub struct PoolView<'a> {
    table: &'a LockTable,
    pool: &'a Pool,
}

/// One client's claim to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockView<'a> {
    /// The key's bytes.
    pub key: &'a [u8],
    /// Whose claim it is.
    pub client: ClientId,
    /// Held, or waited for and in which queue.
    pub state: LockState,
    /// When the client asked for it.
    pub requested: Timestamp,
    /// When the client got it; `None` while it waits.
    pub granted: Option<Timestamp>,
    /// When the wait ends by itself; `None` for a held lock, and for a waiter whose timer was cancelled.
    pub deadline: Option<Timestamp>,
}

/// One client and its locks.
#[derive(Clone, Copy, Debug)]
pub struct ClientView<'a> {
    table: &'a LockTable,
    id: ClientId,
    client: &'a Client,
}

impl LockTable {
    /// The pools that exist now, in no particular order.
    #[must_use]
    pub fn pools(&self) -> impl ExactSizeIterator<Item = PoolView<'_>> {
        self.pools.arena.iter().map(|(_, pool)| PoolView { table: self, pool })
    }

    /// The clients that are connected now, in the order of their numbers.
    #[must_use]
    pub fn clients(&self) -> impl ExactSizeIterator<Item = ClientView<'_>> {
        self.clients.iter().map(|(id, client)| ClientView { table: self, id: ClientId(id), client })
    }

    fn view(&self, lock: Index) -> LockView<'_> {
        let lock = &self.locks[lock];
        LockView {
            key: &self.pools.arena[lock.pool].key,
            client: ClientId(lock.client),
            state: lock.state,
            requested: lock.requested,
            granted: (lock.state == LockState::Held).then_some(lock.granted),
            deadline: self.deadlines.get(lock.deadline).map(|deadline| deadline.at),
        }
    }
}

impl<'a> PoolView<'a> {
    /// The key's bytes.
    #[must_use]
    pub fn key(&self) -> &'a [u8] {
        &self.pool.key
    }

    /// Those who hold the key, in the order in which they got it.
    pub fn holders(&self) -> impl Iterator<Item = LockView<'a>> + use<'a> {
        self.walk(&self.pool.holders)
    }

    /// Those who wait with `ACQ4ME`, oldest first.
    pub fn waiters_for_me(&self) -> impl Iterator<Item = LockView<'a>> + use<'a> {
        self.walk(&self.pool.for_me)
    }

    /// Those who wait with `ACQ4ANY`, oldest first.
    pub fn waiters_for_anyone(&self) -> impl Iterator<Item = LockView<'a>> + use<'a> {
        self.walk(&self.pool.for_anyone)
    }

    fn walk(&self, queue: &Queue) -> impl Iterator<Item = LockView<'a>> + use<'a> {
        let table = self.table;
        queue.iter(&table.locks).map(|lock| table.view(lock))
    }
}

impl<'a> ClientView<'a> {
    /// The client.
    #[must_use]
    pub fn id(&self) -> ClientId {
        self.id
    }

    /// Its locks, oldest first; the newest is the next to be released.
    #[must_use]
    pub fn locks(&self) -> impl ExactSizeIterator<Item = LockView<'a>> + use<'a> {
        let table = self.table;
        self.client.locks().iter().map(|&lock| table.view(lock))
    }
}
