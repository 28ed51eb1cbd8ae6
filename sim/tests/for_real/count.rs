//! The compared counts.

use poolcounter_sim::outcome::Totals;

/// How many requests ended how, and how many parses ended well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) fresh: u64,
    pub(crate) stale: u64,
    pub(crate) queue_full: u64,
    pub(crate) timeout: u64,
    pub(crate) crashed: u64,
    pub(crate) parses: u64,
}

impl Counts {
    pub(crate) fn of(totals: &Totals) -> Self {
        Self {
            fresh: totals.fresh,
            stale: totals.stale,
            queue_full: totals.errors_by.queue_full,
            timeout: totals.errors_by.timeout,
            crashed: totals.errors_by.crashed,
            parses: totals.parses,
        }
    }

    /// A line that a reader said.
    pub(crate) fn add(&mut self, line: &str) -> Option<()> {
        *match line {
            "fresh" => &mut self.fresh,
            "stale" => &mut self.stale,
            "queue full" => &mut self.queue_full,
            "timeout" => &mut self.timeout,
            _ => return None,
        } += 1;
        Some(())
    }

    pub(crate) fn is_near(&self, other: &Self, tolerance: u64) -> bool {
        let parts = |counts: &Self| {
            let Self { fresh, stale, queue_full, timeout, crashed, parses } = *counts;
            [fresh, stale, queue_full, timeout, crashed, parses]
        };
        parts(self).iter().zip(parts(other)).all(|(&one, another)| one.abs_diff(another) <= tolerance)
    }
}
