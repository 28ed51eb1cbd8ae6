//! Hot keys as they are written down for a process that takes over.

use super::summary::{CAPACITY, Entries, KEY_BYTES, SEALED, SEALED_BYTES, Sealed, Summary};
use super::{HOUR_SLOT, HOUR_SLOTS, Hot, MINUTE_SLOTS, SLOT_MICROS, Slots};
use crate::figures::Subject;
use crate::figures::saved::{Contradiction, ensure};
use crate::key::GroupId;
use crate::protocol::is_key;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SavedHot {
    slot: u64,
    /// By acquires, by time waited, by refusals.
    rankings: [SavedSlots; 3],
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedSlots {
    current: SavedSummary,
    minute: Vec<(u64, SavedSummary)>,
    current_hour: SavedSummary,
    hour: Vec<(u64, SavedSummary)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedSummary {
    /// Each: its bytes, the number of its group, and its count.
    keys: Vec<(Vec<u8>, u8, u64)>,
    deducted: u64,
    /// The same as `deducted` in one that is not over.
    forgotten: u64,
}

impl Hot {
    pub(in crate::figures) fn save(&self) -> SavedHot {
        let sealed = |slots: &VecDeque<(u64, Sealed)>| {
            let sealed =
                |(slot, of): &(u64, Sealed)| (*slot, SavedSummary::of(of.entries(), of.deducted, of.forgotten));
            slots.iter().map(sealed).collect()
        };
        let open = |of: &Summary| SavedSummary::of(of.entries(), of.deducted(), of.deducted());
        let rankings = self.rankings.each_ref().map(|slots| SavedSlots {
            current: open(&slots.current),
            minute: sealed(&slots.minute),
            current_hour: open(&slots.current_hour),
            hour: sealed(&slots.hour),
        });
        SavedHot { slot: self.slot, rankings }
    }
}

impl SavedHot {
    /// `groups` is their number.
    pub(in crate::figures) fn read(self, groups: usize, hash: impl Fn(&[u8]) -> u64) -> Result<Hot, Contradiction> {
        let Self { slot, rankings } = self;
        ensure(slot < u64::MAX / SLOT_MICROS, "hot keys at no time")?;
        let [acquires, waited, refused] = rankings.map(|saved| saved.read(slot, groups, &hash));
        Ok(Hot { slot, rankings: [acquires?, waited?, refused?] })
    }
}

impl SavedSlots {
    fn read(self, slot: u64, groups: usize, hash: &impl Fn(&[u8]) -> u64) -> Result<Slots, Contradiction> {
        Ok(Slots {
            current: self.current.open(groups, hash)?,
            minute: read_past(self.minute, slot, MINUTE_SLOTS, groups, hash)?,
            current_hour: self.current_hour.open(groups, hash)?,
            hour: read_past(self.hour, slot / HOUR_SLOT, HOUR_SLOTS, groups, hash)?,
        })
    }
}

/// The slots before `current`, at most as many as `most`.
fn read_past(
    saved: Vec<(u64, SavedSummary)>,
    current: u64,
    most: u64,
    groups: usize,
    hash: &impl Fn(&[u8]) -> u64,
) -> Result<VecDeque<(u64, Sealed)>, Contradiction> {
    ensure(saved.len() as u64 <= most, "more slots of hot keys than are kept")?;
    let is_past = saved.is_sorted_by(|one, next| one.0 < next.0) && saved.iter().all(|(slot, _)| *slot < current);
    ensure(is_past, "slots of hot keys in the wrong order")?;
    saved.into_iter().map(|(slot, saved)| Ok((slot, saved.sealed(groups, hash)?))).collect()
}

impl SavedSummary {
    /// The summary of a slot that is not over.
    fn open(self, groups: usize, hash: &impl Fn(&[u8]) -> u64) -> Result<Summary, Contradiction> {
        ensure(self.forgotten == self.deducted, "hot keys that contradict each other")?;
        self.check(groups, CAPACITY, KEY_BYTES)?;
        self.read(hash)
    }

    /// The summary of one that is.
    fn sealed(self, groups: usize, hash: &impl Fn(&[u8]) -> u64) -> Result<Sealed, Contradiction> {
        let forgotten = self.forgotten;
        ensure(forgotten >= self.deducted, "hot keys that contradict each other")?;
        self.check(groups, SEALED, SEALED_BYTES)?;
        Ok(self.read(hash)?.into_sealed(forgotten))
    }

    fn of(entries: &Entries, deducted: u64, forgotten: u64) -> Self {
        // There are few groups.
        #[expect(clippy::cast_possible_truncation)]
        let key = |(subject, count): (Subject<'_>, u64)| (subject.key.to_vec(), subject.group.index() as u8, count);
        Self { keys: entries.iter().map(key).collect(), deducted, forgotten }
    }

    fn check(&self, groups: usize, keys: usize, bytes: usize) -> Result<(), Contradiction> {
        ensure(self.keys.len() <= keys, "more hot keys than are kept")?;
        ensure(self.keys.iter().map(|(key, ..)| key.len()).sum::<usize>() <= bytes, "more hot keys than are kept")?;
        let can_be =
            |(key, group, count): &(Vec<u8>, u8, u64)| is_key(key) && usize::from(*group) < groups && *count > 0;
        ensure(self.keys.iter().all(can_be), "a hot key that cannot be")
    }

    fn read(self, hash: impl Fn(&[u8]) -> u64) -> Result<Summary, Contradiction> {
        let mut summary = Summary::with_deducted(self.deducted);
        for (key, group, count) in &self.keys {
            summary.add(Subject { key, hash: hash(key), group: GroupId::numbered(*group) }, *count);
        }
        ensure(summary.entries().iter().len() == self.keys.len(), "a hot key that is there twice")?;
        Ok(summary)
    }
}
