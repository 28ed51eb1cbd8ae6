//! Counters, times, and the text of `STATS`.
//!
//! ```
//! use poolcounter::stats::Statistics;
//! use poolcounter::Timestamp;
//!
//! let start = Timestamp::from_micros(0);
//! let statistics = Statistics::new(start);
//! let answer = statistics.answer(b"uptime", 0, start.after_secs(3_725));
//! assert_eq!(answer.as_bytes(), b"uptime: 0 days, 1h 2m 5s\n");
//! ```

mod read;
mod text;

pub use read::{Figure, read};

use crate::Timestamp;
use crate::event::{Event, HoldEnd, Misuse, Refusal, WaitEnd};
use crate::protocol::{Mode, Response};
use alloc::string::String;

/// The server's counters and times, since [`started`](Self::started).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// When the table was made.
    pub started: Timestamp,
    /// How often things happened, and the two gauges.
    pub counters: Counters,
    /// How long things took.
    pub times: Times,
}

/// The counters of `STATS`, under the names that they have there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Locks granted, at once or after a wait.
    pub total_acquired: u64,
    /// Answers `RELEASED`.
    pub total_releases: u64,
    /// A gauge: locks held now.
    pub processing_workers: u64,
    /// A gauge: locks waited for now. As in the reference, a waiter that sends `RELEASE` is never subtracted.
    pub waiting_workers: u64,
    /// Connections that could not be accepted.
    pub connect_errors: u64,
    /// Answers that a client's socket did not take completely.
    pub failed_sends: u64,
    /// Answers `QUEUE_FULL`.
    pub full_queues: u64,
    /// Answers `LOCK_HELD`.
    pub lock_mismatch: u64,
    /// Answers `ERROR WAIT_FOR_RESPONSE`.
    pub lock_while_waiting: u64,
    /// Answers `NOT_LOCKED`.
    pub release_mismatch: u64,
    /// Held locks that ended, by a release or a disconnect.
    pub processed_count: u64,
}

/// The sums of times of `STATS`, each in whole microseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Times {
    /// From the start of a held lock to its end. A lock that was waited for starts with the wait, as in the reference.
    pub processing: u64,
    /// For each waiter that was told `DONE`: from the start of the releaser's lock to its end.
    pub gained: u64,
    /// From the start of a wait to its `LOCKED`.
    pub waiting: u64,
    /// The part of `waiting` that `ACQ4ME` waited.
    pub waiting_for_me: u64,
    /// The part of `waiting` that `ACQ4ANY` waited.
    pub waiting_for_anyone: u64,
    /// From the start of a wait to its `DONE`.
    pub waiting_for_good: u64,
    /// From the start of a wait to its `TIMEOUT`.
    pub wasted_timeout: u64,
}

impl Statistics {
    /// Nothing counted yet, at the moment `started`.
    #[must_use]
    pub fn new(started: Timestamp) -> Self {
        Self { started, ..Self::default() }
    }

    /// Counts an event of the table, which happened at `now`.
    #[expect(
        clippy::inline_always,
        reason = "the table knows the kind of event, and then only a few additions are left"
    )]
    #[inline(always)]
    pub fn count(&mut self, event: Event, now: Timestamp) {
        let Self { counters, times, .. } = self;
        match event {
            Event::Granted => {
                counters.total_acquired += 1;
                counters.processing_workers += 1;
            }
            Event::WaitBegan(_) => counters.waiting_workers += 1,
            Event::Refused(Refusal::QueueFull) => counters.full_queues += 1,
            Event::Refused(Refusal::NotFree) => {}
            Event::WaitEnded { mode, since, end } => {
                let waited = now.micros_since(since);
                match end {
                    WaitEnd::Granted => {
                        counters.total_acquired += 1;
                        counters.processing_workers += 1;
                        times.waiting = times.waiting.wrapping_add(waited);
                        match mode {
                            Mode::ForMe => times.waiting_for_me = times.waiting_for_me.wrapping_add(waited),
                            Mode::ForAnyone => times.waiting_for_anyone = times.waiting_for_anyone.wrapping_add(waited),
                        }
                    }
                    WaitEnd::Done { work_requested } => {
                        times.waiting_for_good = times.waiting_for_good.wrapping_add(waited);
                        times.gained = times.gained.wrapping_add(now.micros_since(work_requested));
                    }
                    WaitEnd::TimedOut => times.wasted_timeout = times.wasted_timeout.wrapping_add(waited),
                    // As in the reference, the gauge of waiters stays.
                    WaitEnd::Cancelled => {
                        counters.total_releases += 1;
                        return;
                    }
                    WaitEnd::Left => {}
                }
                counters.waiting_workers -= 1;
            }
            Event::HoldEnded { requested, end, .. } => {
                counters.total_releases += u64::from(end == HoldEnd::Released);
                counters.processing_workers -= 1;
                counters.processed_count += 1;
                times.processing = times.processing.wrapping_add(now.micros_since(requested));
            }
            Event::Misused(Misuse::TooManyLocks) => counters.lock_mismatch += 1,
            Event::Misused(Misuse::AcquireWhileWaiting) => counters.lock_while_waiting += 1,
            Event::Misused(Misuse::NothingToRelease) => counters.release_mismatch += 1,
        }
    }

    /// The answer to `STATS name` at the moment `now`, with `pools` pools in the table.
    ///
    /// A name may be in capital or small letters but must be complete, as in the reference.
    #[must_use]
    pub fn answer(&self, name: &[u8], pools: usize, now: Timestamp) -> Response {
        let counters = self.counters.all(pools);
        let text = if name.eq_ignore_ascii_case(b"FULL") {
            self.full(&counters, now)
        } else if name.eq_ignore_ascii_case(b"UPTIME") {
            text::uptime(self.started, now)
        } else if let Some((name, value)) =
            counters.iter().find(|(known, _)| name.eq_ignore_ascii_case(known.as_bytes()))
        {
            text::counter(name, *value)
        } else {
            return Response::WrongStat;
        };
        Response::Stats(text)
    }

    fn full(&self, counters: &[(&str, u64)], now: Timestamp) -> String {
        let mut full = text::uptime(self.started, now);
        self.times.write(self.counters.processed_count, &mut full);
        full.extend(counters.iter().map(|(name, value)| text::counter(name, *value)));
        full.push('\n');
        full
    }
}

impl Counters {
    /// Every counter under its name, in the order of `STATS FULL`; `hashtable_entries` is the number of pools.
    #[must_use]
    pub fn listed(&self, pools: usize) -> impl ExactSizeIterator<Item = (&'static str, u64)> + use<> {
        self.all(pools).into_iter()
    }

    fn all(&self, pools: usize) -> [(&'static str, u64); 12] {
        [
            ("total_acquired", self.total_acquired),
            ("total_releases", self.total_releases),
            ("hashtable_entries", pools as u64),
            ("processing_workers", self.processing_workers),
            ("waiting_workers", self.waiting_workers),
            ("connect_errors", self.connect_errors),
            ("failed_sends", self.failed_sends),
            ("full_queues", self.full_queues),
            ("lock_mismatch", self.lock_mismatch),
            ("lock_while_waiting", self.lock_while_waiting),
            ("release_mismatch", self.release_mismatch),
            ("processed_count", self.processed_count),
        ]
    }
}

impl Times {
    /// Every sum under its name, in the order of `STATS FULL`, which has an average behind the first.
    #[must_use]
    pub fn listed(&self) -> impl ExactSizeIterator<Item = (&'static str, u64)> + use<> {
        self.all().into_iter()
    }

    fn all(&self) -> [(&'static str, u64); 7] {
        [
            ("total processing time", self.processing),
            ("gained time", self.gained),
            ("waiting time", self.waiting),
            ("waiting time for me", self.waiting_for_me),
            ("waiting time for anyone", self.waiting_for_anyone),
            ("waiting time for good", self.waiting_for_good),
            ("wasted timeout time", self.wasted_timeout),
        ]
    }

    fn write(&self, processed_count: u64, to: &mut String) {
        let [(total, processing), others @ ..] = self.all();
        text::time(total, processing, to);
        text::average("average processing time", processing, processed_count, to);
        for (name, sum) in others {
            text::time(name, sum, to);
        }
    }
}
