use super::arena::Index;
use super::lock::Locks;

/// "No lock", where a lock's place is kept in 32 bits.
const NONE: Index = Index::MAX;

/// A first-in-first-out queue of locks, linked through the locks themselves: any of them leaves it in O(1).
#[derive(Clone, Copy, Debug)]
pub(super) struct Queue {
    head: Index,
    tail: Index,
    len: u32,
}

/// A lock's neighbours in the one queue that it stands in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Links {
    previous: Index,
    next: Index,
}

impl Links {
    pub(super) const NONE: Self = Self { previous: NONE, next: NONE };

    /// The lock behind.
    pub(super) fn next(self) -> Option<Index> {
        place(self.next)
    }
}

impl Queue {
    pub(super) const EMPTY: Self = Self { head: NONE, tail: NONE, len: 0 };

    pub(super) fn len(&self) -> u32 {
        self.len
    }

    pub(super) fn oldest(&self) -> Option<Index> {
        place(self.head)
    }

    pub(super) fn push(&mut self, locks: &mut Locks, lock: Index) {
        locks[lock].links = Links { previous: self.tail, next: NONE };
        match place(self.tail) {
            Some(tail) => locks[tail].links.next = lock,
            None => self.head = lock,
        }
        self.tail = lock;
        self.len += 1;
    }

    pub(super) fn remove(&mut self, locks: &mut Locks, lock: Index) {
        let Links { previous, next } = core::mem::replace(&mut locks[lock].links, Links::NONE);
        match place(previous) {
            Some(previous) => locks[previous].links.next = next,
            None => self.head = next,
        }
        match place(next) {
            Some(next) => locks[next].links.previous = previous,
            None => self.tail = previous,
        }
        self.len -= 1;
    }

    /// The queue's locks, oldest first.
    pub(super) fn iter<'a>(&self, locks: &'a Locks) -> impl Iterator<Item = Index> + use<'a> {
        core::iter::successors(self.oldest(), |&lock| locks[lock].links.next())
    }
}

fn place(index: Index) -> Option<Index> {
    (index != NONE).then_some(index)
}
