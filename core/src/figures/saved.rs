//! Figures as they are written down for a process that takes over, and what is checked when they are read.

use super::group::{GroupFigures, Outcomes};
use super::histogram::{BOUNDS, Histogram};
use super::history::SavedHistory;
use super::hot::SavedHot;
use super::known::KnownGroups;
use super::{Figures, GroupId};
use crate::Timestamp;
use crate::key::Groups;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// No count can be higher than this. The sum over all groups still fits into the type.
const MOST: u64 = 1 << 53;

/// No sum of times can be greater than this, in microseconds.
const LONGEST: u64 = u64::MAX / 2;

/// Why the figures that were read are impossible.
pub(crate) type Contradiction = &'static str;

/// The parts of the figures, each with a form of its own.
#[derive(Debug)]
pub(crate) struct SavedFigures {
    pub(crate) groups: SavedGroups,
    pub(crate) history: SavedHistory,
    pub(crate) hot: SavedHot,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SavedGroups {
    since: Timestamp,
    /// By number; the first is `other`. Gauges are not among the figures: they are what the table holds.
    groups: Vec<SavedGroup>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedGroup {
    name: String,
    /// In the order of [`Outcomes::all`].
    outcomes: [u64; 10],
    waits: SavedHistogram,
    holds: SavedHistogram,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedHistogram {
    counts: [u64; BOUNDS + 1],
    sum: u64,
}

pub(super) fn ensure(condition: bool, contradiction: Contradiction) -> Result<(), Contradiction> {
    if condition { Ok(()) } else { Err(contradiction) }
}

impl Figures {
    pub(crate) fn save(&self) -> SavedFigures {
        let group = |(_, name, figures): (GroupId, &str, &GroupFigures)| SavedGroup {
            name: name.into(),
            outcomes: figures.outcomes.all().map(|(_, count)| count),
            waits: SavedHistogram::of(&figures.waits),
            holds: SavedHistogram::of(&figures.holds),
        };
        SavedFigures {
            groups: SavedGroups { since: self.since, groups: self.groups().map(group).collect() },
            history: self.history.save(&self.by_group),
            hot: self.hot.save(),
        }
    }

    /// The figures that were written down, without rules for groups and without gauges. `hash` gives the hashes of keys.
    pub(crate) fn restore(saved: SavedFigures, hash: impl Fn(&[u8]) -> u64) -> Result<Self, Contradiction> {
        let SavedFigures { groups: SavedGroups { since, groups: saved_groups }, history, hot } = saved;
        let groups = Groups::of_names(saved_groups.iter().map(|group| &*group.name));
        let groups = groups.ok_or("names of groups that cannot be")?;
        let mut by_group: Vec<GroupFigures> =
            saved_groups.into_iter().map(SavedGroup::read).collect::<Result<_, _>>()?;
        let history = history.read(&mut by_group)?;
        let hot = hot.read(by_group.len(), hash)?;
        let peak_of_other = by_group.first().map(|other| other.peak);
        let known = KnownGroups::default();
        Ok(Self { groups, known, by_group, since, hot, step_end: history.step_end(), history, peak_of_other })
    }

    /// Goes on with the figures of `old`, under the names that its groups have, and gives the numbers of its groups. Those of the keys that exist have
    /// their places already. A group for which there is no room becomes a part of `other`, and so does one without rules and keys if `old` had no room.
    pub(crate) fn continue_from(&mut self, mut old: Self) -> Vec<GroupId> {
        if let (Some(peak), Some(other)) = (old.peak_of_other, old.by_group.first_mut()) {
            other.peak = peak;
        }
        let id = |(_, name)| {
            let made = if old.groups.is_full() { None } else { self.groups.named(name).ok() };
            made.or_else(|| self.groups.find(name)).unwrap_or_default()
        };
        let ids: Vec<GroupId> = old.groups.iter().map(id).collect();
        self.by_group.resize_with(self.groups.iter().len(), GroupFigures::default);
        for (figures, &id) in old.by_group.iter().zip(&ids) {
            self.by_group[id.index()].add(figures);
        }
        self.since = old.since;
        self.history.continue_from(old.history, &ids, &mut self.by_group);
        self.hot.continue_from(old.hot, &ids);
        self.step_end = self.history.step_end();
        ids
    }
}

impl GroupFigures {
    /// Everything but the gauges.
    fn add(&mut self, other: &Self) {
        let sums = self.outcomes.listed().zip(other.outcomes.listed());
        let mut sums = sums.map(|((_, one), (_, other))| one + other);
        self.outcomes = Outcomes::from_listed([(); 10].map(|()| sums.next().unwrap_or_default()));
        self.waits.add(&other.waits);
        self.holds.add(&other.holds);
        self.peak = self.peak.max(other.peak);
    }
}

impl SavedGroup {
    fn read(self) -> Result<GroupFigures, Contradiction> {
        ensure(self.outcomes.iter().all(|count| *count <= MOST), "a group's figure that is impossibly large")?;
        Ok(GroupFigures {
            outcomes: Outcomes::from_listed(self.outcomes),
            waits: self.waits.read()?,
            holds: self.holds.read()?,
            ..GroupFigures::default()
        })
    }
}

impl SavedHistogram {
    fn of(histogram: &Histogram) -> Self {
        Self { counts: histogram.counts, sum: histogram.sum }
    }

    fn read(self) -> Result<Histogram, Contradiction> {
        let Self { counts, sum } = self;
        let is_possible = counts.iter().all(|count| *count <= MOST) && sum <= LONGEST;
        ensure(is_possible, "a group's figure that is impossibly large")?;
        Ok(Histogram { counts, sum })
    }
}
