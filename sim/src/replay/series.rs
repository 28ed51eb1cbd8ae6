//! A group over time, in intervals of equal length.

use crate::units::{float, seconds};
use alloc::vec::Vec;
use serde::Serialize;

/// How many intervals there are.
pub(super) const INTERVALS: u64 = 240;

/// Sums of one interval; those of levels in units times microseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Interval {
    pub(super) waiting: u64,
    pub(super) works: u64,
    pub(super) peak_waiting: u64,
    pub(super) requests: u64,
    pub(super) granted: u64,
    pub(super) done: u64,
    pub(super) stale: u64,
    pub(super) refused: u64,
    pub(super) timed_out: u64,
    /// Waits that ended, and their sum in microseconds.
    pub(super) waits: u64,
    pub(super) waited: u64,
    pub(super) longest: u64,
}

/// A group over time. Rates and levels are averages of an interval, where nothing else is said.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupSeries {
    /// The length of an interval, in seconds.
    pub interval: f64,
    /// Requests a second.
    pub requests: Vec<f64>,
    /// Works that run.
    pub works: Vec<f64>,
    /// Requests that wait.
    pub waiting: Vec<f64>,
    /// The most requests that wait at one moment of the interval.
    pub peak_waiting: Vec<u64>,
    /// Locks granted, a second.
    pub granted: Vec<f64>,
    /// Answers `DONE`, a second.
    pub done: Vec<f64>,
    /// Readers that got an old copy, a second.
    pub stale: Vec<f64>,
    /// Answers `QUEUE_FULL`, a second.
    pub refused: Vec<f64>,
    /// Waits that timed out, a second.
    pub timed_out: Vec<f64>,
    /// The average wait, in seconds, of the waits that ended in the interval.
    pub wait: Vec<f64>,
    /// The longest of them.
    pub longest_wait: Vec<f64>,
}

impl GroupSeries {
    pub(super) fn new(intervals: &[Interval], end: u64) -> Self {
        let width = seconds(end) / float(INTERVALS);
        // A recording of one moment has no width.
        let width = if width > 0.0 { width } else { 1.0 };
        let rate = |part: fn(&Interval) -> u64| intervals.iter().map(|at| float(part(at)) / width).collect();
        let level = |part: fn(&Interval) -> u64| intervals.iter().map(|at| seconds(part(at)) / width).collect();
        let average = |at: &Interval| if at.waits == 0 { 0.0 } else { seconds(at.waited) / float(at.waits) };
        Self {
            interval: width,
            requests: rate(|at| at.requests),
            works: level(|at| at.works),
            waiting: level(|at| at.waiting),
            peak_waiting: intervals.iter().map(|at| at.peak_waiting).collect(),
            granted: rate(|at| at.granted),
            done: rate(|at| at.done),
            stale: rate(|at| at.stale),
            refused: rate(|at| at.refused),
            timed_out: rate(|at| at.timed_out),
            wait: intervals.iter().map(average).collect(),
            longest_wait: intervals.iter().map(|at| seconds(at.longest)).collect(),
        }
    }
}
