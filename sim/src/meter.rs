//! Counts and averages while the simulation runs.

use crate::outcome::{Outcome, Series, Totals, Waits};
use crate::units::{float, seconds};
use alloc::vec::Vec;

/// How many intervals a run is shown in.
pub(crate) const INTERVALS: u64 = 240;

/// What is there at a moment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Levels {
    pub(crate) parses: u64,
    pub(crate) waiting: u64,
    pub(crate) backlog: u64,
    pub(crate) busy: u64,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Fresh,
    Stale,
    Error,
}

/// What one interval adds up to; sums of levels are in units times microseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Interval {
    sums: Levels,
    peaks: Levels,
    /// How many requests have waited, from the beginning to the end of this interval.
    waits: usize,
    requests: u64,
    fresh: u64,
    stale: u64,
    errors: u64,
}

/// The sums of a whole run.
#[derive(Debug)]
pub(crate) struct Meter {
    pub(crate) totals: Totals,
    pub(crate) levels: Levels,
    intervals: Vec<Interval>,
    now: u64,
    end: u64,
    /// Cores of all servers.
    cores: u64,
    waits: Vec<u32>,
    miss_waits: Vec<u32>,
}

impl Meter {
    /// A run of `end` microseconds.
    pub(crate) fn new(end: u64, cores: u64) -> Self {
        Self {
            totals: Totals::default(),
            levels: Levels::default(),
            intervals: alloc::vec![Interval::default()],
            now: 0,
            end,
            cores,
            waits: Vec::new(),
            miss_waits: Vec::new(),
        }
    }

    /// The levels stay as they are until `now`.
    pub(crate) fn advance(&mut self, now: u64) {
        while self.now < now {
            let end = self.border(self.intervals.len());
            let until = now.min(end);
            self.add_levels(until - self.now);
            self.now = until;
            if until == end && end < self.end {
                let (peaks, waits) = (self.levels, self.waits.len());
                self.intervals.push(Interval { peaks, waits, ..Interval::default() });
            }
        }
    }

    /// Where an interval begins, in microseconds.
    fn border(&self, interval: usize) -> u64 {
        interval as u64 * self.end / INTERVALS
    }

    fn add_levels(&mut self, micros: u64) {
        let levels = self.levels;
        let sums = &mut self.interval().sums;
        sums.parses += levels.parses * micros;
        sums.waiting += levels.waiting * micros;
        sums.backlog += levels.backlog * micros;
        sums.busy += levels.busy * micros;
    }

    fn interval(&mut self) -> &mut Interval {
        let last = self.intervals.len() - 1;
        &mut self.intervals[last]
    }

    /// To be called after each event: the highest levels.
    pub(crate) fn note_peaks(&mut self) {
        let Levels { parses, waiting, backlog, .. } = self.levels;
        let totals = &mut self.totals;
        totals.most_parses = totals.most_parses.max(parses);
        totals.longest_queue = totals.longest_queue.max(waiting);
        totals.longest_backlog = totals.longest_backlog.max(backlog);
        let peaks = &mut self.interval().peaks;
        peaks.parses = peaks.parses.max(parses);
        peaks.waiting = peaks.waiting.max(waiting);
        peaks.backlog = peaks.backlog.max(backlog);
    }

    pub(crate) fn count_request(&mut self) {
        self.totals.requests += 1;
        self.interval().requests += 1;
    }

    pub(crate) fn count_ending(&mut self, ending: Ending) {
        let totals = &mut self.totals;
        let last = self.intervals.len() - 1;
        let interval = &mut self.intervals[last];
        let (total, part) = match ending {
            Ending::Fresh => (&mut totals.fresh, &mut interval.fresh),
            Ending::Stale => (&mut totals.stale, &mut interval.stale),
            Ending::Error => (&mut totals.errors, &mut interval.errors),
        };
        *total += 1;
        *part += 1;
    }

    /// A reader has waited this long.
    pub(crate) fn count_wait(&mut self, micros: u64, missed: bool) {
        // Longer than an hour never: a reader's patience ends before.
        let micros = u32::try_from(micros).unwrap_or(u32::MAX);
        self.waits.push(micros);
        self.interval().waits = self.waits.len();
        if missed {
            self.miss_waits.push(micros);
        }
    }

    pub(crate) fn outcome(&self, unfinished: u64) -> Outcome {
        let mut totals = self.totals.clone();
        let busy: u64 = self.intervals.iter().map(|interval| interval.sums.busy).sum();
        totals.unfinished = unfinished;
        totals.cpu_seconds = seconds(busy);
        totals.cpu_busy = if self.now == 0 { 0.0 } else { float(busy) / float(self.now * self.cores) };
        totals.wait = waits(self.waits.clone());
        totals.miss_wait = waits(self.miss_waits.clone());
        Outcome { totals, series: self.series() }
    }

    fn series(&self) -> Series {
        let over = |part: fn(&Interval) -> u64, unit: u64| {
            let lengths = (0..).map(|number| self.border(number + 1) - self.border(number));
            let averages = self
                .intervals
                .iter()
                .zip(lengths)
                .map(|(interval, length)| float(part(interval)) / (float(length) / float(unit)));
            averages.collect::<Vec<_>>()
        };
        let average = |part| over(part, 1);
        let rate = |part| over(part, 1_000_000);
        let share = |busy: f64| busy / float(self.cores);
        let peak = |part: fn(&Levels) -> u64| self.intervals.iter().map(|interval| part(&interval.peaks)).collect();
        Series {
            interval: seconds(self.end) / float(INTERVALS),
            requests: rate(|interval| interval.requests),
            parses: average(|interval| interval.sums.parses),
            waiting: average(|interval| interval.sums.waiting),
            backlog: average(|interval| interval.sums.backlog),
            cpu_busy: average(|interval| interval.sums.busy).into_iter().map(share).collect(),
            fresh: rate(|interval| interval.fresh),
            stale: rate(|interval| interval.stale),
            errors: rate(|interval| interval.errors),
            most_parses: peak(|peaks| peaks.parses),
            most_waiting: peak(|peaks| peaks.waiting),
            most_backlog: peak(|peaks| peaks.backlog),
            wait_p95: self.wait_p95(),
        }
    }

    fn wait_p95(&self) -> Vec<Option<f64>> {
        let begins = core::iter::once(0).chain(self.intervals.iter().map(|interval| interval.waits));
        let parts = begins.zip(&self.intervals).map(|(begin, interval)| &self.waits[begin..interval.waits]);
        parts.map(|part| (!part.is_empty()).then(|| waits(part.to_vec()).p95)).collect()
    }
}

pub(crate) fn waits(mut micros: Vec<u32>) -> Waits {
    micros.sort_unstable();
    let count = micros.len() as u64;
    let sum: u64 = micros.iter().copied().map(u64::from).sum();
    let at_share = |hundredths: usize| {
        let rank = (micros.len() * hundredths).div_ceil(100);
        rank.checked_sub(1).map_or(0.0, |place| seconds(u64::from(micros[place])))
    };
    Waits {
        count,
        mean: if count == 0 { 0.0 } else { seconds(sum) / float(count) },
        p50: at_share(50),
        p95: at_share(95),
        p99: at_share(99),
        max: at_share(100),
    }
}
