use super::histogram::Histogram;
use crate::Timestamp;
use crate::event::{Event, HoldEnd, Refusal, WaitEnd};

/// What was counted of one group's keys, since the figures began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupFigures {
    /// How often each outcome came.
    pub outcomes: Outcomes,
    /// Every wait that ended, however it ended.
    pub waits: Histogram,
    /// Every hold that ended, from the grant to the end.
    pub holds: Histogram,
    /// What there is now.
    pub gauges: Gauges,
    /// The most waiters since the current step of the history began.
    pub(super) peak: u64,
}

/// How often requests, waits and holds ended in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcomes {
    /// `LOCKED` at once.
    pub granted: u64,
    /// `LOCKED` after a wait.
    pub granted_after_wait: u64,
    /// `DONE` after a wait.
    pub done: u64,
    /// `QUEUE_FULL`.
    pub queue_full: u64,
    /// `TIMEOUT` after a wait.
    pub timed_out: u64,
    /// `TIMEOUT` at once: the lock was not free, and the timeout was 0.
    pub not_free: u64,
    /// A wait that its client ended with `RELEASE`.
    pub cancelled: u64,
    /// A wait whose client left.
    pub left_waiting: u64,
    /// A hold that its client ended with `RELEASE`.
    pub released: u64,
    /// A hold whose client left.
    pub left_holding: u64,
}

/// What there is now: as exact as a walk over the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gauges {
    /// Keys that somebody holds.
    pub keys: u64,
    /// Locks that are held.
    pub holders: u64,
    /// Locks that are waited for.
    pub waiters: u64,
}

impl Outcomes {
    /// Every outcome under its name in the documentation.
    #[must_use]
    pub fn listed(&self) -> impl ExactSizeIterator<Item = (&'static str, u64)> + use<> {
        self.all().into_iter()
    }

    pub(super) const fn all(&self) -> [(&'static str, u64); 10] {
        [
            ("granted", self.granted),
            ("granted_after_wait", self.granted_after_wait),
            ("done", self.done),
            ("queue_full", self.queue_full),
            ("timed_out", self.timed_out),
            ("not_free", self.not_free),
            ("cancelled", self.cancelled),
            ("left_waiting", self.left_waiting),
            ("released", self.released),
            ("left_holding", self.left_holding),
        ]
    }
}

impl Outcomes {
    /// From the counts in the order of [`all`](Self::all).
    pub(super) const fn from_listed(counts: [u64; 10]) -> Self {
        let [
            granted,
            granted_after_wait,
            done,
            queue_full,
            timed_out,
            not_free,
            cancelled,
            left_waiting,
            released,
            left_holding,
        ] = counts;
        Self {
            granted,
            granted_after_wait,
            done,
            queue_full,
            timed_out,
            not_free,
            cancelled,
            left_waiting,
            released,
            left_holding,
        }
    }
}

impl GroupFigures {
    pub(super) fn count(&mut self, event: Event, now: Timestamp) {
        let Self { outcomes, waits, holds, gauges, peak } = self;
        match event {
            Event::Granted => {
                outcomes.granted += 1;
                gauges.holders += 1;
            }
            Event::WaitBegan(_) => {
                gauges.waiters += 1;
                *peak = gauges.waiters.max(*peak);
            }
            Event::Refused(Refusal::QueueFull) => outcomes.queue_full += 1,
            Event::Refused(Refusal::NotFree) => outcomes.not_free += 1,
            Event::WaitEnded { since, end, .. } => {
                gauges.waiters -= 1;
                waits.count_time(now.micros_since(since));
                match end {
                    WaitEnd::Granted => {
                        gauges.holders += 1;
                        outcomes.granted_after_wait += 1;
                    }
                    WaitEnd::Done { .. } => outcomes.done += 1,
                    WaitEnd::TimedOut => outcomes.timed_out += 1,
                    WaitEnd::Cancelled => outcomes.cancelled += 1,
                    WaitEnd::Left => outcomes.left_waiting += 1,
                }
            }
            Event::HoldEnded { granted, end, .. } => {
                gauges.holders -= 1;
                holds.count_time(now.micros_since(granted));
                match end {
                    HoldEnd::Released => outcomes.released += 1,
                    HoldEnd::Left => outcomes.left_holding += 1,
                }
            }
            // It is about no key.
            Event::Misused(_) => {}
        }
    }
}
