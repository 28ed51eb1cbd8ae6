use super::claim::Client;
use super::pool::Pool;
use super::queue::Queue;
use super::{ClaimState, ClientId, Index, Limits, LockTable};
use crate::Timestamp;
use crate::key::GroupId;
use crate::protocol::Mode;

/// One key now: its holders and its waiters.
#[derive(Clone, Copy, Debug)]
pub struct PoolView<'a> {
    table: &'a LockTable,
    pool: &'a Pool,
}

/// One client's claim to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClaimView<'a> {
    /// The key's bytes.
    pub key: &'a [u8],
    /// The client that has the claim.
    pub client: ClientId,
    /// Held, or waited for and in which queue.
    pub state: ClaimState,
    /// When the client asked for it.
    pub requested: Timestamp,
    /// When the client got it; `None` while it waits.
    pub granted: Option<Timestamp>,
    /// When the wait ends by itself; `None` for a held lock, and for a waiter whose timer was cancelled.
    pub deadline: Option<Timestamp>,
    /// How the client asked for it; `None` for a lock that was held before an upgrade which did not hand this over.
    pub mode: Option<Mode>,
    /// With which limits the client asked for it; `None` if it did so before an upgrade which did not hand them over.
    pub limits: Option<Limits>,
    /// Whether it is held and was reported as [overdue](super::HoldChange::Overdue).
    pub overdue: bool,
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

    /// The pool of a key, if anybody holds it.
    #[must_use]
    pub fn pool(&self, key: &[u8]) -> Option<PoolView<'_>> {
        self.pool_view(self.pools.find(key)?)
    }

    /// A client, if it is connected.
    #[must_use]
    pub fn client(&self, id: ClientId) -> Option<ClientView<'_>> {
        Some(ClientView { table: self, id, client: self.clients.get(id.0)? })
    }

    pub(super) fn pool_view(&self, pool: Index) -> Option<PoolView<'_>> {
        Some(PoolView { table: self, pool: self.pools.arena.get(pool)? })
    }

    fn view(&self, claim: Index) -> ClaimView<'_> {
        let claim = &self.claims[claim];
        ClaimView {
            key: &self.pools.arena[claim.pool].key,
            client: ClientId(claim.client),
            state: claim.state,
            requested: claim.requested,
            granted: (claim.state == ClaimState::Held).then_some(claim.granted),
            deadline: self.wait_deadline(claim).map(|deadline| deadline.at),
            mode: claim.mode(),
            limits: claim.asked.limits(),
            overdue: claim.overdue,
        }
    }
}

impl<'a> PoolView<'a> {
    /// The key's bytes.
    #[must_use]
    pub fn key(&self) -> &'a [u8] {
        &self.pool.key
    }

    /// The key's group. [`GroupId::OTHER`] unless [figures](LockTable::observe) are on.
    #[must_use]
    pub fn group(&self) -> GroupId {
        self.pool.group
    }

    /// How many hold the key.
    #[must_use]
    pub fn holder_count(&self) -> u32 {
        self.pool.holders.len()
    }

    /// How many wait for the key.
    #[must_use]
    pub fn waiter_count(&self) -> u32 {
        self.pool.for_me.len() + self.pool.for_anyone.len()
    }

    /// Who waits longest.
    #[must_use]
    pub fn oldest_waiter(&self) -> Option<ClaimView<'a>> {
        let oldest = [self.pool.for_me.oldest(), self.pool.for_anyone.oldest()];
        let waiters = oldest.into_iter().flatten().map(|claim| self.table.view(claim));
        waiters.min_by_key(|claim| claim.requested)
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
