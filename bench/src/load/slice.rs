//! A slice: a limited part of a load, with its measurements.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use hdrhistogram::Histogram;

use crate::plan::{Measure, Measures};

/// The longest latency that is recorded exactly.
const LONGEST: Duration = Duration::from_mins(5);

/// Ends at a time or after a number of cycles (a cycle: one acquire and its release). Cycles under way at the end are
/// finished, so that the daemon's CPU time belongs to whole cycles.
pub(crate) struct Slice {
    left: u64,
    until: Option<Instant>,
    overdue: Option<Instant>,
    started: Instant,
    /// Commands answered in all.
    pub(crate) commands: u64,
    window: Option<(u64, Duration)>,
    latency: Histogram<u64>,
}

impl Slice {
    /// A slice that ends after `length`.
    pub(crate) fn timed(length: Duration) -> Result<Slice> {
        let slice = Slice::counted(u64::MAX)?;
        Ok(Slice { until: Some(slice.started + length), ..slice })
    }

    /// A slice of `cycles`.
    pub(crate) fn counted(cycles: u64) -> Result<Slice> {
        Ok(Slice {
            left: cycles,
            until: None,
            overdue: None,
            started: Instant::now(),
            commands: 0,
            window: None,
            latency: Histogram::new_with_bounds(1, nanoseconds(LONGEST), 3)?,
        })
    }

    /// After this time, unfinished transactions may be abandoned.
    pub(crate) fn at_most(mut self, length: Duration) -> Slice {
        self.overdue = Some(self.started + length);
        self
    }

    /// Whether it is time to give up.
    pub(crate) fn is_overdue(&self) -> bool {
        self.overdue.is_some_and(|overdue| Instant::now() >= overdue)
    }

    /// Whether one more cycle may begin; it then counts as begun.
    pub(crate) fn begin(&mut self) -> bool {
        let more = self.left > 0;
        self.left -= u64::from(more);
        more
    }

    /// Reads the clock.
    pub(crate) fn tick(&mut self, now: Instant) {
        if self.until.is_some_and(|until| now >= until) {
            self.until = None;
            self.left = 0;
            self.close_window(now);
        }
    }

    /// `count` commands (in the mode connect: connections) were answered.
    pub(crate) fn answered(&mut self, count: u64) {
        self.commands += count;
    }

    /// One command was answered now.
    pub(crate) fn count(&mut self, now: Instant) {
        self.answered(1);
        self.tick(now);
    }

    /// Notes a latency.
    pub(crate) fn latency(&mut self, latency: Duration) {
        self.latency.saturating_record(nanoseconds(latency));
    }

    /// The figures, given the CPU time that the daemon used.
    pub(crate) fn measures(mut self, cpu: Duration) -> Result<Measures> {
        self.close_window(Instant::now());
        ensure!(self.commands > 0, "nothing was answered in a slice");
        let (commands, window) = self.window.unwrap_or_default();
        let count = |commands: u64| u32::try_from(commands).map(f64::from);
        let latency = |quantile| micros(Duration::from_nanos(self.latency.value_at_quantile(quantile)));
        Ok(Measures::from([
            (Measure::Cpu, micros(cpu) / count(self.commands)?),
            (Measure::Rate, count(commands)? / window.as_secs_f64()),
            (Measure::P50, latency(0.5)),
            (Measure::P99, latency(0.99)),
            (Measure::P999, latency(0.999)),
        ]))
    }

    /// The rate covers the time before the end, without the finishing of cycles.
    fn close_window(&mut self, now: Instant) {
        if self.window.is_none() {
            self.window = Some((self.commands, now - self.started));
        }
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counted_slice_begins_so_many_cycles() {
        let mut slice = Slice::counted(3).unwrap();
        let begun = (0..10).filter(|_| slice.begin()).count();
        assert_eq!(begun, 3);
    }

    #[test]
    fn a_timed_slice_begins_no_cycle_after_its_end() {
        let mut slice = Slice::timed(Duration::from_secs(1)).unwrap();
        slice.tick(slice.started);
        assert!(slice.begin());
        slice.tick(slice.started + Duration::from_secs(1));
        assert!(!slice.begin());
    }

    #[test]
    fn the_rate_leaves_out_the_finishing_and_cpu_does_not() {
        let mut slice = Slice::timed(Duration::from_secs(2)).unwrap();
        slice.answered(100);
        slice.latency(Duration::from_micros(7));
        slice.tick(slice.started + Duration::from_secs(2));
        slice.answered(100);
        let measures = slice.measures(Duration::from_micros(400)).unwrap();
        assert!((measures[&Measure::Rate] - 50.0).abs() < 1e-9);
        assert!((measures[&Measure::Cpu] - 2.0).abs() < 1e-9);
        assert!((measures[&Measure::P99] - 7.0).abs() < 0.1);
    }

    #[test]
    fn a_slice_without_an_answer_is_an_error() {
        let slice = Slice::counted(1).unwrap();
        assert!(slice.measures(Duration::ZERO).is_err());
    }
}
