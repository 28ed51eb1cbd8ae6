use slab::Slab;

/// The index of an item in an [`Arena`]: half the size of a `usize`, because every claim has several of them.
pub(super) type Index = u32;

/// An empty arena keeps room for this many items.
const SMALL: usize = 1_024;

/// A slab with 32-bit indices. Indexing panics if there is no item: that would be a defect of this crate.
#[derive(Debug)]
pub(super) struct Arena<T>(Slab<T>);

impl<T> Arena<T> {
    pub(super) fn new() -> Self {
        Self(Slab::new())
    }

    pub(super) fn insert(&mut self, item: T) -> Index {
        let index = self.0.insert(item);
        // Memory ends long before 2^32 items do: a client, a claim and a pool each take 20 bytes and more.
        Index::try_from(index).unwrap_or_else(|_| unreachable!("more than 2^32 items"))
    }

    pub(super) fn remove(&mut self, index: Index) -> T {
        let item = self.0.remove(index as usize);
        // A slab cannot free the room between items in use. Once no item is in use, all room is freed.
        if self.0.is_empty() && self.0.capacity() > SMALL {
            self.0 = Slab::new();
        }
        item
    }

    pub(super) fn get(&self, index: Index) -> Option<&T> {
        self.0.get(index as usize)
    }

    /// A number above the index of every item.
    pub(super) fn places(&self) -> Index {
        Index::try_from(self.0.capacity()).unwrap_or(Index::MAX)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut().map(|(_, item)| item)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = (Index, &T)> {
        // Every index came from `insert`, which keeps it within 32 bits.
        #[expect(clippy::cast_possible_truncation)]
        self.0.iter().map(|(index, item)| (index as Index, item))
    }
}

impl<T> FromIterator<T> for Arena<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut arena = Self::new();
        for item in items {
            arena.insert(item);
        }
        arena
    }
}

impl<T> core::ops::Index<Index> for Arena<T> {
    type Output = T;

    fn index(&self, index: Index) -> &T {
        &self.0[index as usize]
    }
}

impl<T> core::ops::IndexMut<Index> for Arena<T> {
    fn index_mut(&mut self, index: Index) -> &mut T {
        &mut self.0[index as usize]
    }
}
