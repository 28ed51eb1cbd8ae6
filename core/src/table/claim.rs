use super::arena::{Arena, Index};
use super::deadlines::Position;
use super::queue::Links;
use crate::Timestamp;
use crate::protocol::{Acquire, Mode};
use serde::{Deserialize, Serialize};

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
    pub(super) asked: Asked,
    pub(super) links: Links,
    /// Its timer: of a waiter the end of its wait, of a pool's oldest holder the next time at which one of the holders is overdue.
    pub(super) deadline: Position,
    /// It is held, and was reported as overdue.
    pub(super) overdue: bool,
}

/// How a client asked for a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Asked {
    /// `None` if the claim comes from a snapshot that does not say.
    pub(super) mode: Option<Mode>,
    limits: Limits,
}

/// The limits with which a client asked for a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Limits {
    /// How many may hold the key at once.
    pub workers: u32,
    /// How many may hold the key or wait for it.
    pub maxqueue: u32,
    /// Seconds that the client waits at the most.
    pub timeout: u32,
}

impl Asked {
    /// Nobody asks with limits of 0.
    const NO_LIMITS: Limits = Limits { workers: 0, maxqueue: 0, timeout: 0 };

    /// What a snapshot says that does not say it.
    pub(super) const UNKNOWN: Self = Self { mode: None, limits: Self::NO_LIMITS };

    /// As far as a recording says it.
    pub(super) fn recorded(mode: Option<Mode>, limits: Option<(u32, u32, u32)>) -> Self {
        let limits = limits.map(|(workers, maxqueue, timeout)| Limits { workers, maxqueue, timeout });
        Self { mode, limits: limits.unwrap_or(Self::NO_LIMITS) }
    }

    /// Whether a client could have asked so.
    pub(super) fn can_be(self) -> bool {
        self.limits == Self::NO_LIMITS || (self.limits.workers > 0 && self.limits.maxqueue > 0)
    }

    pub(super) fn limits(self) -> Option<Limits> {
        (self.limits.workers > 0).then_some(self.limits)
    }
}

impl From<&Acquire<'_>> for Asked {
    fn from(&Acquire { mode, workers, maxqueue, timeout, .. }: &Acquire<'_>) -> Self {
        Self { mode: Some(mode), limits: Limits { workers, maxqueue, timeout } }
    }
}

impl Claim {
    pub(super) fn mode(&self) -> Option<Mode> {
        match self.state {
            ClaimState::Held => self.asked.mode,
            ClaimState::Waiting(mode) => Some(mode),
        }
    }
}

/// The state of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimState {
    /// The client holds the lock.
    Held,
    /// The client waits in the queue of this mode.
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

    /// The caller has checked that the stack is not full.
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
