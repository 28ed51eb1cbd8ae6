use super::arena::{Arena, Index};
use super::deadlines::Position;
use super::queue::Links;
use crate::Timestamp;
use crate::protocol::Mode;

/// Locks that one client may have at once, held or waited for.
pub(super) const MAX_CLAIMS: usize = 4;

/// One client's claim to a key: held, or waited for.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) pool: Index,
    pub(super) client: Index,
    pub(super) state: ClaimState,
    /// When the client asked for it.
    pub(super) requested: Timestamp,
    /// When the client got it. While it waits: the same as `requested`.
    pub(super) granted: Timestamp,
    pub(super) links: Links,
    pub(super) deadline: Position,
}

/// What a client has of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimState {
    /// The client holds the lock.
    Held,
    /// A place in the queue of its kind.
    Waiting(Mode),
}

pub(super) type Claims = Arena<Claim>;

/// A client's claims: a stack.
#[derive(Debug, Default)]
pub(super) struct Client {
    claims: [Index; MAX_CLAIMS],
    len: u8,
}

impl Client {
    pub(super) fn claims(&self) -> &[Index] {
        &self.claims[..usize::from(self.len)]
    }

    pub(super) fn newest(&self) -> Option<Index> {
        self.claims().last().copied()
    }

    pub(super) fn is_full(&self) -> bool {
        self.claims().len() == MAX_CLAIMS
    }

    /// The caller has seen that the stack is not full.
    pub(super) fn push(&mut self, claim: Index) {
        self.claims[usize::from(self.len)] = claim;
        self.len += 1;
    }

    pub(super) fn pop(&mut self) -> Option<Index> {
        let newest = self.newest()?;
        self.len -= 1;
        Some(newest)
    }
}
