use super::group::GroupFigures;
use super::saved::{Contradiction, ensure};
use crate::Timestamp;
use crate::key::GroupId;
use alloc::vec;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// How many steps the history has: ten minutes.
pub const STEPS: usize = 120;

/// How long a step is.
pub const STEP_SECS: u32 = 5;

pub(super) const STEP_MICROS: u64 = STEP_SECS as u64 * 1_000_000;

/// What happened to one group's keys in one step of the history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Step {
    /// Locks that were held at its end.
    pub holders: u32,
    /// The most clients that waited at the same time.
    pub waiters: u32,
    /// Locks that were granted, at once or after a wait.
    pub granted: u32,
    /// Waits that ended with `DONE`.
    pub done: u32,
    /// `QUEUE_FULL`, and `TIMEOUT` without a wait.
    pub refused: u32,
    /// Waits that ended with `TIMEOUT`.
    pub timed_out: u32,
}

/// The last ten minutes, in steps of five seconds.
///
/// A group takes 2.9 kB, so all of them take at most 190 kB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct History {
    /// The number of the step in which the figures began. Step 0 begins at the origin of time.
    pub(super) first: u64,
    /// The step that is not over yet.
    pub(super) current: u64,
    pub(super) groups: Vec<GroupHistory>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GroupHistory {
    /// A ring: each stands at the remainder of its number.
    pub(super) steps: Vec<Step>,
    /// The counters when the current step began.
    pub(super) before: Counters,
}

/// What a step counts, since the figures began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counters {
    pub(super) granted: u64,
    pub(super) done: u64,
    pub(super) refused: u64,
    pub(super) timed_out: u64,
}

/// The history as it is written down.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SavedHistory {
    first: u64,
    current: u64,
    /// By the group's number.
    groups: Vec<SavedGroupHistory>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedGroupHistory {
    /// The most waiters since the current step began.
    peak: u64,
    before: Counters,
    /// Those that are over, oldest first.
    steps: Vec<Step>,
}

/// The history of one group, from [`Figures::history`](super::Figures::history).
#[derive(Clone, Copy, Debug)]
pub struct HistoryView<'a> {
    history: &'a History,
    group: GroupId,
}

pub(super) fn step_of(now: Timestamp) -> u64 {
    now.as_micros() / STEP_MICROS
}

impl History {
    pub(super) fn new(now: Timestamp) -> Self {
        Self { first: step_of(now), current: step_of(now), groups: Vec::new() }
    }

    /// When the current step ends.
    pub(super) fn step_end(&self) -> Timestamp {
        Timestamp::from_micros((self.current + 1).saturating_mul(STEP_MICROS))
    }

    /// Closes the steps before that of `now`. Nothing has happened since the last event, so all but the first of them are alike.
    pub(super) fn advance(&mut self, groups: &mut [GroupFigures], now: Timestamp) {
        let current = step_of(now);
        if current <= self.current {
            return;
        }
        if self.groups.len() < groups.len() {
            self.groups.resize_with(groups.len(), GroupHistory::default);
        }
        // Of many, those that remain.
        let quiet = (self.current + 1).max(current.saturating_sub(STEPS as u64))..current;
        for (group, history) in groups.iter_mut().zip(&mut self.groups) {
            let counters = Counters::of(group);
            let (holders, waiters) = (small(group.gauges.holders), small(group.gauges.waiters));
            *history.place(self.current) = counters.since(history.before, holders, small(group.peak));
            for step in quiet.clone() {
                *history.place(step) = Step { holders, waiters, ..Step::default() };
            }
            history.before = counters;
            group.peak = group.gauges.waiters;
        }
        self.current = current;
    }

    /// The numbers of the steps that are kept.
    fn kept(&self) -> core::ops::Range<u64> {
        self.first.max(self.current.saturating_sub(STEPS as u64))..self.current
    }

    pub(super) fn save(&self, groups: &[GroupFigures]) -> SavedHistory {
        let quiet = GroupHistory::default();
        let group = |(index, figures): (usize, &GroupFigures)| {
            let history = self.groups.get(index).unwrap_or(&quiet);
            let steps = self.kept().map(|step| history.steps[ring_index(step)]).collect();
            SavedGroupHistory { peak: figures.peak, before: history.before, steps }
        };
        let groups = groups.iter().enumerate().map(group).collect();
        SavedHistory { first: self.first, current: self.current, groups }
    }

    /// Goes on with `old`, whose groups have these numbers now, and whose figures `groups` has. If the old history ends later than this one begins, it is
    /// discarded, and a new one begins with the figures as they are.
    pub(super) fn continue_from(&mut self, old: Self, ids: &[GroupId], groups: &mut [GroupFigures]) {
        self.groups.resize_with(groups.len(), GroupHistory::default);
        if old.current > self.current {
            for (group, history) in groups.iter_mut().zip(&mut self.groups) {
                history.before = Counters::of(group);
                group.peak = 0;
            }
            return;
        }
        (self.first, self.current) = (old.first, old.current);
        for (old, id) in old.groups.into_iter().zip(ids) {
            self.groups[id.index()].add(&old);
        }
    }

    pub(super) fn of(&self, group: GroupId) -> HistoryView<'_> {
        HistoryView { history: self, group }
    }
}

impl Default for GroupHistory {
    fn default() -> Self {
        Self { steps: vec![Step::default(); STEPS], before: Counters::default() }
    }
}

impl GroupHistory {
    fn add(&mut self, other: &Self) {
        for (step, other) in self.steps.iter_mut().zip(&other.steps) {
            *step = step.plus(*other);
        }
        self.before = self.before.plus(other.before);
    }

    fn place(&mut self, step: u64) -> &mut Step {
        &mut self.steps[ring_index(step)]
    }
}

impl Step {
    fn plus(self, other: Self) -> Self {
        Self {
            holders: self.holders.saturating_add(other.holders),
            waiters: self.waiters.saturating_add(other.waiters),
            granted: self.granted.saturating_add(other.granted),
            done: self.done.saturating_add(other.done),
            refused: self.refused.saturating_add(other.refused),
            timed_out: self.timed_out.saturating_add(other.timed_out),
        }
    }
}

impl SavedHistory {
    /// Gives the groups' peaks to their figures.
    pub(super) fn read(self, figures: &mut [GroupFigures]) -> Result<History, Contradiction> {
        let Self { first, current, groups: saved } = self;
        ensure(first <= current && current < u64::MAX / STEP_MICROS, "a history at no time")?;
        ensure(saved.len() == figures.len(), "another number of groups than the history has")?;
        let mut history = History { first, current, groups: Vec::with_capacity(saved.len()) };
        for (saved, figures) in saved.into_iter().zip(figures) {
            ensure(history.kept().count() == saved.steps.len(), "a history of another length")?;
            let mut group = GroupHistory { before: saved.before, ..GroupHistory::default() };
            for (number, step) in history.kept().zip(saved.steps) {
                *group.place(number) = step;
            }
            figures.peak = saved.peak;
            history.groups.push(group);
        }
        Ok(history)
    }
}

impl HistoryView<'_> {
    /// When the newest of its steps ended.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        Timestamp::from_micros(self.history.current.saturating_mul(STEP_MICROS))
    }

    /// The last [`STEPS`] steps that are over, oldest first. `None`: the figures had not begun.
    #[must_use]
    pub fn steps(&self) -> impl ExactSizeIterator<Item = Option<Step>> {
        let history = self.history;
        let group = history.groups.get(self.group.index());
        (0..STEPS).map(move |index| {
            let step = (history.current + index as u64).checked_sub(STEPS as u64)?;
            let known = step >= history.first;
            known.then(|| group.map_or_else(Step::default, |group| group.steps[ring_index(step)]))
        })
    }
}

impl Counters {
    pub(super) fn of(group: &GroupFigures) -> Self {
        let outcomes = &group.outcomes;
        Self {
            granted: outcomes.granted + outcomes.granted_after_wait,
            done: outcomes.done,
            refused: outcomes.queue_full + outcomes.not_free,
            timed_out: outcomes.timed_out,
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            granted: self.granted.saturating_add(other.granted),
            done: self.done.saturating_add(other.done),
            refused: self.refused.saturating_add(other.refused),
            timed_out: self.timed_out.saturating_add(other.timed_out),
        }
    }

    fn since(self, before: Self, holders: u32, waiters: u32) -> Step {
        let difference = |now: u64, before: u64| small(now.saturating_sub(before));
        Step {
            holders,
            waiters,
            granted: difference(self.granted, before.granted),
            done: difference(self.done, before.done),
            refused: difference(self.refused, before.refused),
            timed_out: difference(self.timed_out, before.timed_out),
        }
    }
}

fn small(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// It is below [`STEPS`].
#[expect(clippy::cast_possible_truncation)]
fn ring_index(step: u64) -> usize {
    (step % STEPS as u64) as usize
}
