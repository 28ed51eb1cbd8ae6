//! What operators ask for: for each group of keys what happened how often and took how long, its last ten minutes, and which keys are hot.
//!
//! [`Figures`] are a listener of the table's events, like the [statistics](crate::stats), and are off until
//! [`LockTable::observe`](crate::LockTable::observe) turns them on.
//!
//! ```
//! use poolcounter::key::Groups;
//! use poolcounter::protocol::{Command, Line};
//! use poolcounter::{HashSeed, LockTable, Timestamp};
//!
//! let at = Timestamp::from_micros;
//! let mut table = LockTable::new(HashSeed::new(1, 2), at(0));
//! table.observe(Groups::default(), at(0));
//! let client = table.connect();
//! let _ = table.command(client, Command::parse(Line::of(b"ACQ4ANY enwiki:pcache:1 1 10 5")), at(0));
//!
//! let figures = table.figures().expect("they are on");
//! let (_, _, pcache) = figures.groups().find(|(_, name, _)| *name == "pcache").expect("a group of the default rules");
//! assert_eq!((pcache.outcomes.granted, pcache.gauges.holders), (1, 1));
//! ```

mod group;
mod histogram;
mod history;
mod hot;
mod known;
mod saved;

pub use group::{Gauges, GroupFigures, Outcomes};
pub use histogram::{BOUNDS, Histogram};
pub use history::{HistoryView, STEP_SECS, STEPS, Step};
pub use hot::{HOT_KEYS, HotKey, Ranking, Window};

use crate::Timestamp;
use crate::event::Event;
use crate::key::{GroupId, Groups};
use alloc::vec::Vec;
use history::History;
use hot::Hot;
use known::KnownGroups;

pub(crate) use history::SavedHistory;
pub(crate) use hot::SavedHot;
pub(crate) use saved::{SavedFigures, SavedGroups};

/// Figures by group, hot keys and history, and the rules for groups.
#[derive(Clone, Debug)]
pub struct Figures {
    groups: Groups,
    known: KnownGroups,
    /// By the group's number.
    by_group: Vec<GroupFigures>,
    since: Timestamp,
    hot: Hot,
    history: History,
    /// When the current step of the history ends. The slots of hot keys are made of whole steps.
    step_end: Timestamp,
    /// The peak of `other` in the current step while all keys belong to it, because the rules are still to come; see [`Figures::restore`].
    peak_of_other: Option<u64>,
}

/// What an event is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) key: &'a [u8],
    /// The same for the same key, as long as the figures exist.
    pub(crate) hash: u64,
    pub(crate) group: GroupId,
}

impl Figures {
    /// Nothing counted yet, at the moment `now`.
    pub(crate) fn new(groups: Groups, now: Timestamp) -> Self {
        let by_group = groups.iter().map(|_| GroupFigures::default()).collect();
        let history = History::new(now);
        let step_end = history.step_end();
        Self {
            groups,
            known: KnownGroups::default(),
            by_group,
            since: now,
            hot: Hot::new(now),
            step_end,
            history,
            peak_of_other: None,
        }
    }

    /// When the figures began. An upgrade does not reset this time.
    #[must_use]
    pub fn since(&self) -> Timestamp {
        self.since
    }

    /// All groups with their names and figures; the first is `other`.
    #[must_use]
    pub fn groups(&self) -> impl ExactSizeIterator<Item = (GroupId, &str, &GroupFigures)> {
        self.groups.iter().zip(&self.by_group).map(|((id, name), figures)| (id, name, figures))
    }

    /// The name of a group.
    #[must_use]
    pub fn name(&self, group: GroupId) -> &str {
        self.groups.name(group)
    }

    /// The group of this name, if there is one.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<GroupId> {
        self.groups.find(name)
    }

    /// The hottest keys, at most [`HOT_KEYS`], the greatest count first.
    ///
    /// Keys with a low count are forgotten, so a count is not exact; [`HotKey::error`] says how much too high it may be. No key is missing whose true value is
    /// greater than the last count of a full list. As long as no more than 256 keys, and 128 KiB of keys, are counted in ten seconds, the counts of the last
    /// minute are exact.
    ///
    /// It takes O(1): at most 14 summaries of a bounded number of keys are put together.
    #[must_use]
    pub fn hot_keys(&self, ranking: Ranking, window: Window) -> Vec<HotKey<'_>> {
        self.hot.list(ranking, window)
    }

    /// The last ten minutes of a group.
    #[must_use]
    pub fn history(&self, group: GroupId) -> HistoryView<'_> {
        self.history.of(group)
    }

    /// The first claim to a key begins. Gives the key's group. `hash` is that of the [`Subject`].
    pub(crate) fn key_born(&mut self, key: &[u8], hash: u64) -> GroupId {
        let group = self.known.get_or_find(hash, || self.groups.of(key));
        if group.index() >= self.by_group.len() {
            self.by_group.resize_with(group.index() + 1, GroupFigures::default);
        }
        self.by_group[group.index()].gauges.keys += 1;
        group
    }

    pub(crate) fn key_gone(&mut self, group: GroupId) {
        self.by_group[group.index()].gauges.keys -= 1;
    }

    /// Counts what was there before the figures began.
    pub(crate) fn found(&mut self, group: GroupId, holders: u32, waiters: u32) {
        let group = &mut self.by_group[group.index()];
        group.gauges.holders += u64::from(holders);
        group.gauges.waiters += u64::from(waiters);
    }

    /// All existing claims have been counted. A peak is at least the number of clients that wait now.
    pub(crate) fn begin_peaks(&mut self) {
        for group in &mut self.by_group {
            group.peak = group.gauges.waiters.max(group.peak);
        }
    }

    pub(crate) fn count(&mut self, subject: Subject<'_>, event: Event, now: Timestamp) {
        self.advance(now);
        self.by_group[subject.group.index()].count(event, now);
        self.hot.count(subject, event, now);
    }

    /// Ends the steps and slots that are over at `now`.
    #[inline]
    pub(crate) fn advance(&mut self, now: Timestamp) {
        if now >= self.step_end {
            self.end_step(now);
        }
    }

    #[cold]
    fn end_step(&mut self, now: Timestamp) {
        self.history.advance(&mut self.by_group, now);
        self.hot.advance(now);
        self.step_end = self.history.step_end();
        if let Some(peak) = &mut self.peak_of_other {
            *peak = 0;
        }
    }
}
