//! What operators ask for: for each group of keys what happened how often and took how long.
//!
//! [`Figures`] are a listener of the table's events, like the [statistics](crate::stats), and are off until
//! [`LockTable::observe`](crate::LockTable::observe) turns them on.
//!
//! ```
//! use poolcounter::figures::Figures;
//! use poolcounter::key::Groups;
//! use poolcounter::protocol::{Command, Line};
//! use poolcounter::{HashSeed, LockTable, Timestamp};
//!
//! let at = Timestamp::from_micros;
//! let mut table = LockTable::new(HashSeed::new(1, 2), at(0));
//! table.observe(Figures::new(Groups::default(), at(0)));
//! let client = table.connect();
//! let _ = table.command(client, Command::parse(Line::Complete(b"ACQ4ANY enwiki:pcache:1 1 10 5")), at(0));
//!
//! let figures = table.figures().expect("they are on");
//! let (_, _, pcache) = figures.groups().find(|(_, name, _)| *name == "pcache").expect("a group of the default rules");
//! assert_eq!((pcache.outcomes.granted, pcache.gauges.holders), (1, 1));
//! ```

mod group;
mod histogram;

pub use group::{Gauges, GroupFigures, Outcomes};
pub use histogram::{BOUNDS, Histogram};

use crate::Timestamp;
use crate::event::Event;
use crate::key::{GroupId, Groups};
use alloc::vec::Vec;

/// Figures by group, and the rules for groups.
#[derive(Clone, Debug)]
pub struct Figures {
    groups: Groups,
    /// By the group's number.
    by_group: Vec<GroupFigures>,
    since: Timestamp,
}

impl Figures {
    /// Nothing counted yet, at the moment `now`.
    #[must_use]
    pub fn new(groups: Groups, now: Timestamp) -> Self {
        let by_group = groups.iter().map(|_| GroupFigures::default()).collect();
        Self { groups, by_group, since: now }
    }

    /// When they began. An upgrade does not begin them anew.
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

    /// A key has come to life: its group.
    pub(crate) fn key_born(&mut self, key: &[u8]) -> GroupId {
        let group = self.groups.of(key);
        self.of(group).gauges.keys += 1;
        group
    }

    pub(crate) fn key_gone(&mut self, group: GroupId) {
        self.of(group).gauges.keys -= 1;
    }

    /// Counts what was there before the figures began.
    pub(crate) fn found(&mut self, group: GroupId, holders: u32, waiters: u32) {
        let gauges = &mut self.of(group).gauges;
        gauges.holders += u64::from(holders);
        gauges.waiters += u64::from(waiters);
    }

    pub(crate) fn count(&mut self, group: GroupId, event: Event, now: Timestamp) {
        self.of(group).count(event, now);
    }

    /// Groups are made as keys come to life, and their figures when they are first asked for.
    fn of(&mut self, group: GroupId) -> &mut GroupFigures {
        let index = group.index();
        if index >= self.by_group.len() {
            self.by_group.resize_with(index + 1, GroupFigures::default);
        }
        &mut self.by_group[index]
    }
}
