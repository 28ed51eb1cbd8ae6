use super::ClientId;
use crate::Timestamp;
use crate::event::Event;
use crate::key::GroupId;
use alloc::vec::Vec;
use core::ops::Range;

/// How much memory is kept after the events were taken, in elements.
const SMALL: usize = 1_024;

/// Events in the order in which they happened, until they are [taken](super::LockTable::take_occurrences).
///
/// Their number is limited. Further events are [lost](Self::lost) and counted.
#[derive(Debug)]
pub struct Occurrences {
    events: Vec<Written>,
    /// The keys' bytes. Events that follow each other and are about one key share them.
    keys: Vec<u8>,
    most: usize,
    lost: u64,
}

#[derive(Debug)]
struct Written {
    at: Timestamp,
    client: ClientId,
    group: GroupId,
    key: Range<usize>,
    event: Event,
}

/// Something that happened to a client's claim to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Occurrence<'a> {
    /// When it happened.
    pub at: Timestamp,
    /// Whose claim it is.
    pub client: ClientId,
    /// The key's group.
    pub group: GroupId,
    /// The key's bytes.
    pub key: &'a [u8],
    /// What happened.
    pub event: Event,
}

impl Occurrences {
    pub(super) fn new(most: usize) -> Self {
        Self { events: Vec::new(), keys: Vec::new(), most, lost: 0 }
    }

    pub(super) fn push(&mut self, key: &[u8], group: GroupId, client: ClientId, event: Event, at: Timestamp) {
        if self.events.len() >= self.most {
            self.lost += 1;
            return;
        }
        let last = self.events.last().map(|written| written.key.clone());
        let key = last.filter(|last| &self.keys[last.clone()] == key).unwrap_or_else(|| {
            let start = self.keys.len();
            self.keys.extend_from_slice(key);
            start..self.keys.len()
        });
        self.events.push(Written { at, client, group, key, event });
    }

    /// The groups have these numbers now, by their old ones. The others belong to `other`.
    pub(super) fn renumber(&mut self, ids: &[GroupId]) {
        for written in &mut self.events {
            written.group = ids.get(written.group.index()).copied().unwrap_or_default();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty() && self.lost == 0
    }

    pub(super) fn clear(&mut self) {
        self.events.clear();
        self.keys.clear();
        self.lost = 0;
        // The memory of a past peak is given back.
        self.events.shrink_to(SMALL);
        self.keys.shrink_to(SMALL);
    }

    /// The events, oldest first.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Occurrence<'_>> {
        self.events.iter().map(|written| Occurrence {
            at: written.at,
            client: written.client,
            group: written.group,
            key: &self.keys[written.key.clone()],
            event: written.event,
        })
    }

    /// How many events came after these when there was no room for more.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost
    }
}
