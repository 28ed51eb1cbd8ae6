//! The clock of a story, and how late the run is.

use std::thread;
use std::time::{Duration, Instant};

/// Waits are counted from the start of the story, so that lateness does not add up.
#[derive(Debug)]
pub(crate) struct Schedule {
    start: Instant,
    due: Duration,
    latest: Duration,
}

impl Schedule {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), due: Duration::ZERO, latest: Duration::ZERO }
    }

    /// Sleeps until the story's own clock has moved on by this much.
    pub(crate) fn wait(&mut self, time: Duration) {
        self.due += time;
        thread::sleep(self.due.saturating_sub(self.start.elapsed()));
    }

    /// Records how late the run is.
    pub(crate) fn note(&mut self) {
        self.latest = self.latest.max(self.start.elapsed().saturating_sub(self.due));
    }

    /// How late the latest step was done.
    pub(crate) fn latest(&self) -> Duration {
        self.latest
    }
}
