use super::claim::Client;
use super::pool::Pool;
use super::queue::Queue;
use super::{ClaimState, ClientId, Index, LockTable};
use crate::Timestamp;

/// One key as it stands: who holds it and who waits for it.
#[derive(Clone, Copy, Debug)]
pub struct PoolView<'a> {
    table: &'a LockTable,
    pool: &'a Pool,
}

/// One client's claim to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimView<'a> {
    /// The key's bytes.
    pub key: &'a [u8],
    /// Whose claim it is.
    pub client: ClientId,
    /// Held, or waited for and in which queue.
    pub state: ClaimState,
    /// When the client asked for it.
    pub requested: Timestamp,
    /// When the client got it; `None` while it waits.
    pub granted: Option<Timestamp>,
    /// When the wait ends by itself; `None` for a held lock, and for a waiter whose timer was cancelled.
    pub deadline: Option<Timestamp>,
}

/// One client and its claims.
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

    fn view(&self, claim: Index) -> ClaimView<'_> {
        let claim = &self.claims[claim];
        ClaimView {
            key: &self.pools.arena[claim.pool].key,
            client: ClientId(claim.client),
            state: claim.state,
            requested: claim.requested,
            granted: (claim.state == ClaimState::Held).then_some(claim.granted),
            deadline: self.deadlines.get(claim.deadline).map(|deadline| deadline.at),
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
    pub fn holders(&self) -> impl Iterator<Item = ClaimView<'a>> + use<'a> {
        self.walk(&self.pool.holders)
    }

    /// Those who wait with `ACQ4ME`, oldest first.
    pub fn waiters_for_me(&self) -> impl Iterator<Item = ClaimView<'a>> + use<'a> {
        self.walk(&self.pool.for_me)
    }

    /// Those who wait with `ACQ4ANY`, oldest first.
    pub fn waiters_for_anyone(&self) -> impl Iterator<Item = ClaimView<'a>> + use<'a> {
        self.walk(&self.pool.for_anyone)
    }

    fn walk(&self, queue: &Queue) -> impl Iterator<Item = ClaimView<'a>> + use<'a> {
        let table = self.table;
        queue.iter(&table.claims).map(|claim| table.view(claim))
    }
}

impl<'a> ClientView<'a> {
    /// The client.
    #[must_use]
    pub fn id(&self) -> ClientId {
        self.id
    }

    /// Its claims, oldest first. A `RELEASE` ends the newest.
    #[must_use]
    pub fn claims(&self) -> impl ExactSizeIterator<Item = ClaimView<'a>> + use<'a> {
        let table = self.table;
        self.client.claims().iter().map(|&claim| table.view(claim))
    }
}
