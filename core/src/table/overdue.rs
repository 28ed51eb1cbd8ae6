//! Which holders are overdue: they have held a lock for longer than the operator allows, while others wait for it.
//!
//! Off until [`LockTable::watch_holds`] turns it on. Then every pool with a waiter has one timer, which belongs to its oldest holder. A timer is set when the
//! first waiter comes and when the oldest holder changes, so the other commands do not pay for it.

use super::arena::Index;
use super::claim::{ClaimState, Claims};
use super::deadlines::{Deadlines, NO_DEADLINE};
use super::pool::Pool;
use super::{ClientId, LockTable};
use crate::Timestamp;
use crate::event::HoldEnd;
use crate::figures::Figures;
use crate::key::GroupId;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

/// How long it takes until a hold is looked at again that nothing was done about: its own client is the only one that waits, or the caller has not
/// disconnected the client.
const AGAIN_SECS: u32 = 1;

/// How long a lock may be held while others wait for it. The time is counted from the grant, so it may have passed before the first waiter comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HoldLimits {
    /// After this time the holder is reported; `None`: never.
    pub warn: Option<Duration>,
    /// After this time the holder should be disconnected; `None`: never.
    pub max: Option<Duration>,
}

impl HoldLimits {
    fn is_none(self) -> bool {
        self == Self::default()
    }
}

/// The limits of every group of keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HoldPolicies {
    /// The limits of a group that has none of its own.
    pub usual: HoldLimits,
    /// The limits of groups by name. They are used only while [figures](LockTable::observe) are on: without figures, all keys belong to `other`.
    pub by_group: Vec<(Box<str>, HoldLimits)>,
}

impl HoldPolicies {
    /// Whether no holder is ever overdue.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.usual.is_none() && self.by_group.iter().all(|(_, limits)| limits.is_none())
    }

    /// The limits of the group of this name.
    #[must_use]
    pub fn of(&self, group: &str) -> HoldLimits {
        self.by_group.iter().find(|(name, _)| **name == *group).map_or(self.usual, |(_, limits)| *limits)
    }
}

/// A number that identifies a hold until it ends. Then another hold may get the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HoldId(Index);

/// What happened to an overdue hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldChange {
    /// It has reached [`HoldLimits::warn`] while others wait. This comes once for each hold.
    Overdue,
    /// It has reached [`HoldLimits::max`] while others wait. If the client is not disconnected, this comes again every second.
    TooLong,
    /// It was reported as [`Overdue`](Self::Overdue), and has ended.
    Ended(HoldEnd),
}

/// A report about a hold that is overdue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldReport {
    /// The hold.
    pub hold: HoldId,
    /// What happened to it.
    pub change: HoldChange,
    /// The key's bytes.
    pub key: Box<[u8]>,
    /// The key's group.
    pub group: GroupId,
    /// The holder. In a report of an end it may have left, and another client may have its number.
    pub client: ClientId,
    /// For how long the lock has been held.
    pub held: Duration,
    /// How many wait for the key.
    pub waiters: u32,
}

/// The timers and the reports.
#[derive(Debug, Default)]
pub(super) struct Watch {
    policies: HoldPolicies,
    /// The limits by the group's number, for the groups that were asked for so far.
    by_group: Vec<HoldLimits>,
    due: Deadlines,
    reports: VecDeque<HoldReport>,
}

impl Watch {
    fn limits(&mut self, group: GroupId, figures: Option<&Figures>) -> HoldLimits {
        let known = self.by_group.len();
        if group.index() >= known {
            match figures {
                Some(figures) => {
                    let new = figures.groups().skip(known).map(|(_, name, _)| self.policies.of(name));
                    self.by_group.extend(new);
                }
                None => self.by_group.push(self.policies.of("other")),
            }
        }
        self.by_group.get(group.index()).copied().unwrap_or(self.policies.usual)
    }
}

impl LockTable {
    /// Replaces the limits by which [`next_hold_report`](Self::next_hold_report) reports holders. Without any limit there are no reports. A hold that was
    /// already reported as overdue is not reported as overdue again.
    ///
    /// It takes O(keys).
    pub fn watch_holds(&mut self, policies: HoldPolicies) {
        let reports = self.watch.take().map_or_else(VecDeque::new, |mut watch| {
            watch.due.clear(&mut self.claims);
            watch.reports
        });
        if policies.is_empty() {
            return;
        }
        self.watch = Some(Box::new(Watch { policies, reports, ..Watch::default() }));
        for pool in 0..self.pools.arena.places() {
            if self.pools.arena.get(pool).is_some() {
                self.set_hold_timer(pool, Timestamp::default());
            }
        }
    }

    /// The groups of keys have changed.
    pub(super) fn watch_holds_again(&mut self) {
        if let Some(watch) = &mut self.watch {
            let policies = core::mem::take(&mut watch.policies);
            self.watch_holds(policies);
        }
    }

    /// The next report about a hold that is overdue at `now`. Call it at regular intervals, each time until it returns `None`.
    ///
    /// It takes O(holders of the key that were reported before).
    pub fn next_hold_report(&mut self, now: Timestamp) -> Option<HoldReport> {
        loop {
            let watch = self.watch.as_mut()?;
            if let Some(report) = watch.reports.pop_front() {
                return Some(report);
            }
            let oldest = watch.due.due(now)?;
            self.judge_holds(self.claims[oldest].pool, now);
        }
    }

    /// The holds that were reported as [`HoldChange::Overdue`] and have not ended, also before an upgrade, and their clients. It takes O(claims).
    pub fn overdue_holds(&self) -> impl Iterator<Item = (HoldId, ClientId)> {
        let overdue = self.claims.iter().filter(|(_, claim)| claim.overdue);
        overdue.map(|(index, claim)| (HoldId(index), ClientId(claim.client)))
    }

    /// A claim was added to the pool.
    #[inline]
    pub(super) fn watch_added(&mut self, pool: Index, state: ClaimState) {
        if self.watch.is_some() {
            let Pool { holders, for_me, for_anyone, .. } = &self.pools.arena[pool];
            let waiters = for_me.len() + for_anyone.len();
            // A further waiter changes nothing.
            if waiters == 1 || waiters > 0 && state == ClaimState::Held && holders.len() > 1 {
                self.set_hold_timer(pool, Timestamp::default());
            }
        }
    }

    /// A claim was removed from the pool, which still has others.
    #[inline]
    pub(super) fn watch_removed(&mut self, pool: Index, state: ClaimState) {
        if self.watch.is_some() {
            let Pool { for_me, for_anyone, .. } = &self.pools.arena[pool];
            if state == ClaimState::Held || for_me.len() + for_anyone.len() == 0 {
                self.set_hold_timer(pool, Timestamp::default());
            }
        }
    }

    /// A hold is about to end: reports it, if it was reported as overdue.
    #[inline]
    pub(super) fn watch_ended(&mut self, claim: Index, end: HoldEnd, now: Timestamp) {
        if self.claims[claim].overdue {
            self.report_hold(claim, HoldChange::Ended(end), now);
        }
    }

    /// Cancels the timer of a claim, whether it waits or holds.
    #[inline]
    pub(super) fn cancel_timer(&mut self, claim: Index) {
        if self.claims[claim].deadline == NO_DEADLINE {
            return;
        }
        if self.claims[claim].state != ClaimState::Held {
            self.deadlines.cancel(&mut self.claims, claim);
        } else if let Some(watch) = &mut self.watch {
            watch.due.cancel(&mut self.claims, claim);
        }
    }

    /// Sets the timer of a pool: to the next time at which one of its holders is overdue, but not before `earliest`.
    #[inline(never)]
    fn set_hold_timer(&mut self, pool: Index, earliest: Timestamp) {
        let figures = self.listeners.as_ref().and_then(|listeners| listeners.figures.as_ref());
        let (Some(watch), pool) = (&mut self.watch, &self.pools.arena[pool]) else { return };
        let Some(oldest) = pool.holders.oldest() else { return };
        watch.due.cancel(&mut self.claims, oldest);
        if pool.count() == pool.holders.len() {
            return;
        }
        let HoldLimits { warn, max } = watch.limits(pool.group, figures);
        let first = |limit: Option<Duration>, claim: Option<Index>| {
            Some(self.claims[claim?].granted.after_micros(micros(limit?)))
        };
        let new = warn.and_then(|_| pool.holders.iter(&self.claims).find(|&claim| !self.claims[claim].overdue));
        let at = [first(max, Some(oldest)), first(warn, new)].into_iter().flatten().min();
        if let Some(at) = at {
            watch.due.set(&mut self.claims, oldest, at.max(earliest));
        }
    }

    /// Reports the first holder of a pool that is overdue, and sets the pool's timer again.
    fn judge_holds(&mut self, index: Index, now: Timestamp) {
        let figures = self.listeners.as_ref().and_then(|listeners| listeners.figures.as_ref());
        let (Some(watch), pool) = (&mut self.watch, &self.pools.arena[index]) else { return };
        let limits = watch.limits(pool.group, figures);
        let mut found = None;
        for claim in pool.holders.iter(&self.claims) {
            let held = now.micros_since(self.claims[claim].granted);
            let is_over = |limit: Option<Duration>| limit.is_some_and(|limit| held >= micros(limit));
            let (warn, max) = (is_over(limits.warn), is_over(limits.max));
            if !warn && !max {
                // The others got the lock later.
                break;
            }
            let change = if max { HoldChange::TooLong } else { HoldChange::Overdue };
            if (max || !self.claims[claim].overdue) && self.others_wait(index, &self.claims, claim) {
                found = Some((claim, change));
                break;
            }
        }
        let earliest = match found {
            Some((_, HoldChange::Overdue)) => Timestamp::default(),
            _ => now.after_secs(AGAIN_SECS),
        };
        if let Some((claim, change)) = found {
            self.claims[claim].overdue |= change == HoldChange::Overdue;
            self.report_hold(claim, change, now);
        }
        self.set_hold_timer(index, earliest);
    }

    /// Whether another client than the holder waits for the key. A client may wait for a key that it holds.
    fn others_wait(&self, pool: Index, claims: &Claims, holder: Index) -> bool {
        let Pool { for_me, for_anyone, .. } = &self.pools.arena[pool];
        let own = self.waiting_claim(ClientId(claims[holder].client)).filter(|&claim| claims[claim].pool == pool);
        for_me.len() + for_anyone.len() > u32::from(own.is_some())
    }

    fn report_hold(&mut self, claim: Index, change: HoldChange, now: Timestamp) {
        let Some(watch) = &mut self.watch else { return };
        let hold = &self.claims[claim];
        let pool = &self.pools.arena[hold.pool];
        watch.reports.push_back(HoldReport {
            hold: HoldId(claim),
            change,
            key: pool.key.clone(),
            group: pool.group,
            client: ClientId(hold.client),
            held: Duration::from_micros(now.micros_since(hold.granted)),
            waiters: pool.for_me.len() + pool.for_anyone.len(),
        });
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
