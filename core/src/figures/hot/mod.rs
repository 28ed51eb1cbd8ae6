mod saved;
mod summary;

use super::Subject;
use crate::Timestamp;
use crate::event::Event;
use crate::key::GroupId;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::mem;
use hashbrown::HashTable;
pub(crate) use saved::SavedHot;
use summary::{Entries, Sealed, Summary};

/// As many keys the list of a [`Ranking`] has at most.
pub const HOT_KEYS: usize = 100;

/// A slot of the last minute.
const SLOT_MICROS: u64 = 10_000_000;
/// So many of them, beside the current one.
const MINUTE_SLOTS: u64 = 6;
/// How many slots of the minute make one slot of the hour: five minutes.
const HOUR_SLOT: u64 = 30;
const HOUR_SLOTS: u64 = 12;

/// By what keys are hot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ranking {
    /// How often somebody asked for the key, whatever the answer was.
    Acquires,
    /// The microseconds that were waited for the key. A wait counts when it ends, however it ends.
    Waited,
    /// How often the answer was `QUEUE_FULL`, or `TIMEOUT` without a wait.
    Refused,
}

impl Ranking {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Acquires, Self::Waited, Self::Refused];
}

/// How far back a list looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Window {
    /// The current ten seconds, by the clock of the table, and the 60 seconds before.
    Minute,
    /// The current five minutes, by the clock of the table, and the 60 minutes before.
    Hour,
}

/// A key of a list of hot keys. It need not be alive any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HotKey<'a> {
    /// The key's bytes.
    pub key: &'a [u8],
    /// Its group when it was counted.
    pub group: GroupId,
    /// What it is ranked by: the true value, or more.
    pub count: u64,
    /// How much too high `count` may be.
    pub error: u64,
}

/// The hot keys.
///
/// For each [`Ranking`] there is a [`Summary`] of the current slot of ten seconds, and what is left of the six before. The slots of the hour are made of them, so an
/// event is counted once. A list is put together from the slots of its window, 14 at most, when it is asked for.
///
/// Each ranking takes at most 0.5 MB if keys have 50 bytes, and never more than 4 MB.
#[derive(Clone, Debug)]
pub(super) struct Hot {
    /// The number of the current slot. Slot 0 begins at the origin of time.
    slot: u64,
    rankings: [Slots; 3],
}

#[derive(Clone, Debug, Default)]
struct Slots {
    current: Summary,
    /// Those before, oldest first, with their numbers. Slots without anything are left out.
    minute: VecDeque<(u64, Sealed)>,
    /// The current slot of the hour, without the current slot of the minute.
    current_hour: Summary,
    hour: VecDeque<(u64, Sealed)>,
}

impl Hot {
    pub(super) fn new(now: Timestamp) -> Self {
        Self { slot: slot_of(now), rankings: Default::default() }
    }

    pub(super) fn count(&mut self, subject: Subject<'_>, event: Event, now: Timestamp) {
        let [acquires, waited, refused] = &mut self.rankings;
        match event {
            Event::Granted | Event::WaitBegan(_) => acquires.current.add(subject, 1),
            Event::Refused(_) => {
                acquires.current.add(subject, 1);
                refused.current.add(subject, 1);
            }
            Event::WaitEnded { since, .. } => waited.current.add(subject, now.micros_since(since)),
            Event::HoldEnded { .. } | Event::Misused(_) => {}
        }
    }

    /// Closes the slots before that of `now`.
    pub(super) fn advance(&mut self, now: Timestamp) {
        let slot = slot_of(now);
        if slot > self.slot {
            for slots in &mut self.rankings {
                slots.advance(self.slot, slot);
            }
            self.slot = slot;
        }
    }

    /// Goes on with `old`, in which groups had other numbers. What was counted later than this begins is none of it.
    pub(super) fn continue_from(&mut self, old: Self, ids: &[GroupId]) {
        if old.slot <= self.slot {
            *self = old;
            for slots in &mut self.rankings {
                slots.current.renumber(ids);
                slots.current_hour.renumber(ids);
                slots.minute.iter_mut().chain(&mut slots.hour).for_each(|(_, sealed)| sealed.renumber(ids));
            }
        }
    }

    /// The list, the greatest count first.
    pub(super) fn list(&self, ranking: Ranking, window: Window) -> Vec<HotKey<'_>> {
        let slots = &self.rankings[ranking as usize];
        let mut list = Merged::default();
        list.add(slots.current.entries(), slots.current.deducted(), slots.current.deducted());
        let sealed = match window {
            Window::Minute => &slots.minute,
            Window::Hour => {
                list.add(slots.current_hour.entries(), slots.current_hour.deducted(), slots.current_hour.deducted());
                &slots.hour
            }
        };
        for (_, sealed) in sealed {
            list.add(sealed.entries(), sealed.deducted, sealed.forgotten);
        }
        list.finish()
    }
}

impl Slots {
    fn advance(&mut self, before: u64, slot: u64) {
        let over = mem::take(&mut self.current);
        self.current_hour.absorb(&over);
        if !over.is_empty() {
            self.minute.push_back((before, over.seal()));
        }
        drop_old(&mut self.minute, slot, MINUTE_SLOTS);
        let (hour_before, hour_slot) = (before / HOUR_SLOT, slot / HOUR_SLOT);
        if hour_slot > hour_before {
            let over = mem::take(&mut self.current_hour);
            if !over.is_empty() {
                self.hour.push_back((hour_before, over.seal()));
            }
            drop_old(&mut self.hour, hour_slot, HOUR_SLOTS);
        }
    }
}

fn drop_old(slots: &mut VecDeque<(u64, Sealed)>, current: u64, kept: u64) {
    while slots.front().is_some_and(|(slot, _)| slot.saturating_add(kept) < current) {
        slots.pop_front();
    }
}

fn slot_of(now: Timestamp) -> u64 {
    now.as_micros() / SLOT_MICROS
}

/// Several slots together.
#[derive(Default)]
struct Merged<'a> {
    keys: Vec<MergedKey<'a>>,
    by_hash: HashTable<usize>,
    /// What a key may weigh in all slots if none has it.
    forgotten: u64,
}

struct MergedKey<'a> {
    subject: Subject<'a>,
    count: u64,
    /// The part of [`Merged::forgotten`] that does not concern it, and what does instead.
    found_forgotten: u64,
    deducted: u64,
}

impl<'a> Merged<'a> {
    fn add(&mut self, entries: &'a Entries, deducted: u64, forgotten: u64) {
        self.forgotten = self.forgotten.saturating_add(forgotten);
        for (subject, count) in entries.iter() {
            let keys = &mut self.keys;
            let is_it = |&index: &usize| keys[index].subject.hash == subject.hash;
            let index = if let Some(&index) = self.by_hash.find(subject.hash, is_it) {
                index
            } else {
                keys.push(MergedKey { subject, count: 0, found_forgotten: 0, deducted: 0 });
                let keys = &*keys;
                self.by_hash.insert_unique(subject.hash, keys.len() - 1, |&index| keys[index].subject.hash);
                keys.len() - 1
            };
            let key = &mut self.keys[index];
            key.count = key.count.saturating_add(count);
            key.deducted = key.deducted.saturating_add(deducted);
            key.found_forgotten = key.found_forgotten.saturating_add(forgotten);
        }
    }

    fn finish(self) -> Vec<HotKey<'a>> {
        let forgotten = self.forgotten;
        let hot = |key: MergedKey<'a>| {
            let error = forgotten.saturating_sub(key.found_forgotten).saturating_add(key.deducted);
            let Subject { key: bytes, group, .. } = key.subject;
            HotKey { key: bytes, group, count: key.count.saturating_add(error), error }
        };
        let mut list: Vec<HotKey<'a>> = self.keys.into_iter().map(hot).collect();
        list.sort_unstable_by(|one, other| other.count.cmp(&one.count).then_with(|| one.key.cmp(other.key)));
        list.truncate(HOT_KEYS);
        list
    }
}
