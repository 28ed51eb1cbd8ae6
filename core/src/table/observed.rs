use super::occurrences::Occurrences;
use super::pool::Pool;
use super::{ClientId, LockTable};
use crate::Timestamp;
use crate::event::Event;
use crate::figures::{Figures, Subject};
use crate::key::{GroupId, Groups};
use alloc::boxed::Box;

/// Who is told of events, beside the statistics.
#[derive(Debug, Default)]
pub(super) struct Listeners {
    pub(super) figures: Option<Figures>,
    pub(super) occurrences: Option<Occurrences>,
}

impl Listeners {
    pub(super) fn tell(&mut self, pool: &Pool, client: ClientId, event: Event, now: Timestamp) {
        if let Some(figures) = &mut self.figures {
            figures.count(Subject { key: &pool.key, hash: pool.hash, group: pool.group }, event, now);
        }
        if let Some(occurrences) = &mut self.occurrences {
            occurrences.push(&pool.key, pool.group, client, event, now);
        }
    }

    #[inline(never)]
    pub(super) fn key_born(&mut self, key: &[u8], hash: u64) -> GroupId {
        self.figures.as_mut().map_or(GroupId::OTHER, |figures| figures.key_born(key, hash))
    }

    #[inline(never)]
    pub(super) fn key_gone(&mut self, group: GroupId) {
        if let Some(figures) = &mut self.figures {
            figures.key_gone(group);
        }
    }
}

impl LockTable {
    /// Turns [figures](Self::figures) on, by these rules for groups. They count what happens from `now` on; their gauges begin with the keys and claims that
    /// exist.
    ///
    /// If figures are on already, or a snapshot has brought some, they go on under the new rules. What was counted of a group stays with its name. It becomes
    /// a part of `other` if there is no room for the name any more. If all places were taken before, the same becomes of each group that has neither a rule
    /// nor a key now, so that others get a place.
    ///
    /// If `now` is before what was counted in the history and of the hot keys, these begin anew.
    ///
    /// It takes O(keys).
    pub fn observe(&mut self, groups: Groups, now: Timestamp) {
        let old = self.listeners.get_or_insert_default().figures.take();
        self.install(Figures::new(groups, now));
        let Listeners { figures, occurrences } = &mut **self.listeners.get_or_insert_default();
        if let Some(figures) = figures {
            let ids = old.map(|old| figures.continue_from(old)).unwrap_or_default();
            figures.begin_peaks();
            if let Some(occurrences) = occurrences {
                occurrences.renumber(&ids);
            }
        }
        self.watch_holds_again();
        if let Some(tape) = &mut self.tape {
            tape.end_segments();
        }
    }

    /// The keys and claims that exist are in the figures from now on.
    pub(super) fn install(&mut self, mut figures: Figures) {
        for pool in self.pools.arena.iter_mut() {
            pool.group = figures.key_born(&pool.key, pool.hash);
            figures.found(pool.group, pool.holders.len(), pool.count() - pool.holders.len());
        }
        self.listeners.get_or_insert_default().figures = Some(figures);
    }

    /// Turns the figures off and returns them. All keys, and the events that were not taken yet, belong to [`GroupId::OTHER`] from now on.
    ///
    /// It takes O(keys).
    pub fn stop_observing(&mut self) -> Option<Figures> {
        let listeners = self.listeners.as_mut()?;
        let figures = listeners.figures.take()?;
        if let Some(occurrences) = &mut listeners.occurrences {
            occurrences.renumber(&[]);
        }
        for pool in self.pools.arena.iter_mut() {
            pool.group = GroupId::OTHER;
        }
        self.drop_idle_listeners();
        self.watch_holds_again();
        if let Some(tape) = &mut self.tape {
            tape.end_segments();
        }
        Some(figures)
    }

    /// The figures at the moment `now`, if they are on: history and hot keys as they are by then.
    pub fn figures_at(&mut self, now: Timestamp) -> Option<&Figures> {
        let figures = self.listeners.as_mut()?.figures.as_mut()?;
        figures.advance(now);
        Some(figures)
    }

    /// The figures as they were at the last event, if they are on.
    #[must_use]
    pub fn figures(&self) -> Option<&Figures> {
        self.listeners.as_ref()?.figures.as_ref()
    }

    /// From now on events are written down for [`take_occurrences`](Self::take_occurrences), at most `most` from one call of it to the next.
    pub fn record_occurrences(&mut self, most: usize) {
        self.listeners.get_or_insert_default().occurrences = Some(Occurrences::new(most));
    }

    /// Events are not written down any more.
    pub fn stop_recording(&mut self) {
        if let Some(listeners) = &mut self.listeners {
            listeners.occurrences = None;
        }
        self.drop_idle_listeners();
    }

    /// Hands what was written down since the last call to `read`, and forgets it. Nothing is written down unless
    /// [`record_occurrences`](Self::record_occurrences) asked for it.
    #[inline]
    pub fn take_occurrences(&mut self, read: impl FnOnce(&Occurrences)) {
        let Some(occurrences) = self.listeners.as_mut().and_then(|listeners| listeners.occurrences.as_mut()) else {
            return;
        };
        if !occurrences.is_empty() {
            read(occurrences);
            occurrences.clear();
        }
    }

    fn drop_idle_listeners(&mut self) {
        let is_idle = |listeners: &mut Box<Listeners>| listeners.figures.is_none() && listeners.occurrences.is_none();
        self.listeners.take_if(is_idle);
    }
}
