use super::arena::Index;
use super::claim::Claims;

/// "No claim", as a number.
const NONE: Index = Index::MAX;

/// A first-in-first-out queue of claims. It is linked through the claims themselves, so that any of them can be removed in O(1).
#[derive(Clone, Copy, Debug)]
pub(super) struct Queue {
    head: Index,
    tail: Index,
    len: u32,
}

/// A claim's neighbours in its queue.
#[derive(Clone, Copy, Debug)]
pub(super) struct Links {
    previous: Index,
    next: Index,
}

impl Links {
    pub(super) const NONE: Self = Self { previous: NONE, next: NONE };

    /// The claim after this one.
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

    pub(super) fn push(&mut self, claims: &mut Claims, claim: Index) {
        claims[claim].links = Links { previous: self.tail, next: NONE };
        match place(self.tail) {
            Some(tail) => claims[tail].links.next = claim,
            None => self.head = claim,
        }
        self.tail = claim;
        self.len += 1;
    }

    pub(super) fn remove(&mut self, claims: &mut Claims, claim: Index) {
        let Links { previous, next } = core::mem::replace(&mut claims[claim].links, Links::NONE);
        match place(previous) {
            Some(previous) => claims[previous].links.next = next,
            None => self.head = next,
        }
        match place(next) {
            Some(next) => claims[next].links.previous = previous,
            None => self.tail = previous,
        }
        self.len -= 1;
    }

    /// The queue's claims, oldest first.
    pub(super) fn iter<'a>(&self, claims: &'a Claims) -> impl Iterator<Item = Index> + use<'a> {
        core::iter::successors(self.oldest(), |&claim| claims[claim].links.next())
    }
}

fn place(index: Index) -> Option<Index> {
    (index != NONE).then_some(index)
}
