//! Counts of a recording, and of a run.

use super::hold::Step;
use super::series::{GroupSeries, INTERVALS, Interval};
use super::traffic::Key;
use crate::meter;
use crate::outcome::Waits;
use alloc::sync::Arc;
use alloc::vec::Vec;
use serde::Serialize;

/// What happened to the requests of a group, or of a key.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// Requests, with those that waited or worked already at the beginning.
    pub requests: u64,
    /// Requests that found the result before they asked, because in this run it was stored earlier than in the recording.
    pub found: u64,
    /// An estimate of the readers that would have asked, but are not in the recording: results came later in this run, and there these readers found a copy.
    pub missing: u64,
    /// Answers `LOCKED`.
    pub granted: u64,
    /// Those of them that came after a wait.
    pub granted_later: u64,
    /// Answers `DONE`.
    pub done: u64,
    /// Answers `QUEUE_FULL`.
    pub refused: u64,
    /// Waits that timed out.
    pub timed_out: u64,
    /// Answers `TIMEOUT` to requests that did not want to wait.
    pub not_free: u64,
    /// Those of them that got no other answer. The first questions of `fastStale` are not counted.
    pub turned_away: u64,
    /// Waits that ended because the client left or took its request back.
    pub left: u64,
    /// Readers that got an old copy. `None`: the recording cannot tell.
    pub stale: Option<u64>,
    /// Readers that got neither a result nor an old copy. `None`: the recording cannot tell.
    pub errors: Option<u64>,
    /// Works that ended well.
    pub works: u64,
    /// Those of them whose result was there already: work done twice.
    pub repeated: u64,
    /// Works whose client left.
    pub died: u64,
    /// Requests that waited or worked when the recording ended.
    pub unfinished: u64,
    /// The most works at one moment.
    pub most_works: u64,
    /// The most requests that waited at one moment.
    pub most_waiting: u64,
    /// How long waits lasted, however they ended, in seconds. Requests that were answered at once did not wait.
    pub wait: Waits,
}

/// Counts by group and by key.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    groups: Vec<GroupMeter>,
    keys: Vec<KeyCounts>,
    end: u64,
    works: u64,
    most_works: u64,
    others: Option<Others>,
}

/// Recorded works of groups that are not played.
#[derive(Clone, Debug)]
struct Others {
    steps: Arc<[Step]>,
    /// The group that is played.
    except: u32,
    next: usize,
    works: u64,
}

#[derive(Clone, Debug, Default)]
struct GroupMeter {
    figures: Figures,
    waits: Vec<u32>,
    intervals: Vec<Interval>,
    waiting: u64,
    works: u64,
    since: u64,
}

/// What happened to the requests of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyCounts {
    /// Requests.
    pub requests: u64,
    /// Answers `LOCKED`.
    pub granted: u64,
    /// Answers `DONE`.
    pub done: u64,
    /// Answers `QUEUE_FULL`.
    pub refused: u64,
    /// Waits that timed out.
    pub timed_out: u64,
    /// Readers that got an old copy.
    pub stale: u64,
    /// The sum of all waits, in microseconds.
    pub waited_micros: u64,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    Request,
    Found,
    Granted { after_wait: bool },
    Done,
    Refused,
    TimedOut,
    NotFree { turned_away: bool },
    Left,
    Stale,
    Error,
    Work { repeated: bool },
    Died,
    Unfinished,
}

impl Figures {
    /// Readers who got no lock and no result, because the queue was full or the time was up.
    #[must_use]
    pub fn refusals(&self) -> u64 {
        self.refused + self.timed_out + self.turned_away
    }
}

impl Meter {
    pub(super) fn new(groups: usize, keys: usize, end: u64) -> Self {
        let intervals = alloc::vec![Interval::default(); usize::try_from(INTERVALS).unwrap_or_default()];
        let group = GroupMeter { intervals, ..GroupMeter::default() };
        Self {
            groups: alloc::vec![group; groups],
            keys: alloc::vec![KeyCounts::default(); keys],
            end,
            works: 0,
            most_works: 0,
            others: None,
        }
    }

    /// Adds the recorded works of all other groups to the most works at one moment.
    pub(super) fn beside(&mut self, steps: Arc<[Step]>, except: u32) {
        self.others = Some(Others { steps, except, next: 0, works: 0 });
    }

    pub(super) fn count(&mut self, what: Count, key: u32, of: &Key, now: u64) {
        let end = self.end;
        let Some(group) = self.groups.get_mut(of.group as usize) else { return };
        let Some(counts) = self.keys.get_mut(key as usize) else { return };
        let interval = &mut group.intervals[place(now, end)];
        let figures = &mut group.figures;
        match what {
            Count::Request => {
                figures.requests += 1;
                counts.requests += 1;
                interval.requests += 1;
            }
            Count::Found => figures.found += 1,
            Count::Granted { after_wait } => {
                figures.granted += 1;
                figures.granted_later += u64::from(after_wait);
                counts.granted += 1;
                interval.granted += 1;
            }
            Count::Done => {
                figures.done += 1;
                counts.done += 1;
                interval.done += 1;
            }
            Count::Refused => {
                figures.refused += 1;
                counts.refused += 1;
                interval.refused += 1;
            }
            Count::TimedOut => {
                figures.timed_out += 1;
                counts.timed_out += 1;
                interval.timed_out += 1;
            }
            Count::NotFree { turned_away } => {
                figures.not_free += 1;
                figures.turned_away += u64::from(turned_away);
            }
            Count::Left => figures.left += 1,
            Count::Stale => {
                *figures.stale.get_or_insert(0) += 1;
                counts.stale += 1;
                interval.stale += 1;
            }
            Count::Error => *figures.errors.get_or_insert(0) += 1,
            Count::Work { repeated } => {
                figures.works += 1;
                figures.repeated += u64::from(repeated);
            }
            Count::Died => figures.died += 1,
            Count::Unfinished => figures.unfinished += 1,
        }
    }

    /// A request waits from now on.
    pub(super) fn wait_begins(&mut self, of: &Key, now: u64) {
        self.change(of.group, now, |group| group.waiting += 1);
    }

    /// A wait of so many microseconds has ended.
    pub(super) fn wait_ends(&mut self, key: u32, of: &Key, micros: u64, now: u64) {
        let end = self.end;
        self.change(of.group, now, |group| {
            group.waiting = group.waiting.saturating_sub(1);
            group.waits.push(u32::try_from(micros).unwrap_or(u32::MAX));
            let interval = &mut group.intervals[place(now, end)];
            interval.waits += 1;
            interval.waited = interval.waited.saturating_add(micros);
            interval.longest = interval.longest.max(micros);
        });
        if let Some(counts) = self.keys.get_mut(key as usize) {
            counts.waited_micros = counts.waited_micros.saturating_add(micros);
        }
    }

    /// A wait that is not over at the end of its segment.
    pub(super) fn wait_is_cut(&mut self, of: &Key, now: u64) {
        self.change(of.group, now, |group| group.waiting = group.waiting.saturating_sub(1));
    }

    pub(super) fn work_begins(&mut self, of: &Key, now: u64) {
        self.meet_others(now);
        self.works += 1;
        self.note_works();
        self.change(of.group, now, |group| group.works += 1);
    }

    pub(super) fn work_ends(&mut self, of: &Key, now: u64) {
        self.meet_others(now);
        self.works = self.works.saturating_sub(1);
        self.change(of.group, now, |group| group.works = group.works.saturating_sub(1));
    }

    fn note_works(&mut self) {
        let others = self.others.as_ref().map_or(0, |others| others.works);
        self.most_works = self.most_works.max(self.works + others);
    }

    /// Takes the steps of the other groups until now.
    fn meet_others(&mut self, now: u64) {
        while let Some(others) = &mut self.others
            && let Some(step) = others.steps.get(others.next).filter(|step| step.at <= now)
        {
            others.next += 1;
            if step.group == others.except {
                continue;
            }
            others.works = if step.begins { others.works + 1 } else { others.works.saturating_sub(1) };
            self.note_works();
        }
    }

    fn change(&mut self, group: u32, now: u64, act: impl FnOnce(&mut GroupMeter)) {
        let end = self.end;
        if let Some(group) = self.groups.get_mut(group as usize) {
            group.advance(now, end);
            act(group);
            let interval = &mut group.intervals[place(now, end)];
            interval.peak_waiting = interval.peak_waiting.max(group.waiting);
            group.figures.most_waiting = group.figures.most_waiting.max(group.waiting);
            group.figures.most_works = group.figures.most_works.max(group.works);
        }
    }

    /// The levels stay as they are until the end.
    pub(super) fn close(&mut self) {
        self.meet_others(self.end);
        for group in &mut self.groups {
            group.advance(self.end, self.end);
        }
    }

    /// The most works at one moment, of all groups.
    pub(super) fn most_works(&self) -> u64 {
        self.most_works
    }

    pub(super) fn key(&self, key: usize) -> KeyCounts {
        self.keys.get(key).copied().unwrap_or_default()
    }

    pub(super) fn figures(&self, group: usize) -> Figures {
        let Some(group) = self.groups.get(group) else { return Figures::default() };
        Figures { wait: meter::waits(group.waits.clone()), ..group.figures.clone() }
    }

    pub(super) fn figures_mut(&mut self, group: usize) -> Option<&mut Figures> {
        self.groups.get_mut(group).map(|group| &mut group.figures)
    }

    pub(super) fn series(&self, group: usize) -> GroupSeries {
        self.groups.get(group).map(|group| GroupSeries::new(&group.intervals, self.end)).unwrap_or_default()
    }
}

/// The interval of a moment.
fn place(now: u64, end: u64) -> usize {
    // Below a year, so that the product is below 2^64.
    let place = (now * INTERVALS).checked_div(end).unwrap_or(0).min(INTERVALS - 1);
    usize::try_from(place).unwrap_or_default()
}

/// Where an interval begins.
fn border(interval: u64, end: u64) -> u64 {
    (interval * end).div_ceil(INTERVALS)
}

impl GroupMeter {
    /// The levels stay as they are until `now`.
    fn advance(&mut self, now: u64, end: u64) {
        while self.since < now {
            let number = place(self.since, end);
            let last = number + 1 == self.intervals.len();
            let until = if last { now } else { now.min(border(number as u64 + 1, end)) };
            let micros = until - self.since;
            let interval = &mut self.intervals[number];
            interval.waiting += self.waiting * micros;
            interval.works += self.works * micros;
            interval.peak_waiting = interval.peak_waiting.max(self.waiting);
            self.since = until;
        }
    }
}
