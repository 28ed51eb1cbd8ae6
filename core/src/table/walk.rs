use super::arena::Index;
use super::{ClientId, ClientView, LockTable, PoolView};

/// Where the next slice of a walk over a table's pools or clients begins.
///
/// The table may change between two slices. A pool or client that exists during the whole walk is seen exactly once. One that is added or removed during the walk may be seen or not. A key or a
/// client that goes and comes again meanwhile may be seen twice, because it is another pool or another client to the table. A table that was
/// [restored](LockTable::restore) has other places, so a walk must start again there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor(Index);

impl Cursor {
    /// The beginning.
    pub const START: Self = Self(0);

    /// As a number, for a text that [`from_number`](Self::from_number) reads again.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The cursor of this number. A walk may begin with any number; beyond the last place it finds nothing.
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        Self(number)
    }
}

impl LockTable {
    /// A slice of the pools: those among the next `places` places, and where the next slice begins; `None` at the end.
    ///
    /// A place may be empty, so a slice has `places` pools at most, and may have none. With 0, it is one place. It takes O(places).
    pub fn pools_from(&self, cursor: Cursor, places: u32) -> (impl Iterator<Item = PoolView<'_>>, Option<Cursor>) {
        let (range, next) = slice(cursor, places, self.pools.arena.places());
        (range.filter_map(|index| self.pool_view(index)), next)
    }

    /// A slice of the clients, in the order of their numbers in the table; see [`pools_from`](Self::pools_from).
    pub fn clients_from(&self, cursor: Cursor, places: u32) -> (impl Iterator<Item = ClientView<'_>>, Option<Cursor>) {
        let (range, next) = slice(cursor, places, self.clients.places());
        (range.filter_map(|index| self.client(ClientId(index))), next)
    }
}

fn slice(cursor: Cursor, places: u32, all: Index) -> (core::ops::Range<Index>, Option<Cursor>) {
    let start = cursor.0.min(all);
    let end = start.saturating_add(places.max(1)).min(all);
    (start..end, (end < all).then_some(Cursor(end)))
}
