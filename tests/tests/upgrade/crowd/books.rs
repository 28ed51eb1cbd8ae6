use anyhow::{Result, ensure};
use poolcounter_test_support::Counters;

pub(super) const KEYS: usize = 200;

/// The crowd's own records: which client holds which key, and the number of each answer.
pub(super) struct Books {
    held: [bool; KEYS],
    pub(super) locked: u64,
    pub(super) released: u64,
    pub(super) done: u64,
    pub(super) full: u64,
    pub(super) timeouts: u64,
    pub(super) left_idle: u64,
    pub(super) left_holding: u64,
    pub(super) left_waiting: u64,
}

impl Books {
    pub(super) fn new() -> Self {
        Self {
            held: [false; KEYS],
            locked: 0,
            released: 0,
            done: 0,
            full: 0,
            timeouts: 0,
            left_idle: 0,
            left_holding: 0,
            left_waiting: 0,
        }
    }

    /// A client works on a key from now on. No other client may.
    pub(super) fn begin(&mut self, key: usize) -> Result<()> {
        ensure!(!self.held[key], "two hold the key {key}");
        self.held[key] = true;
        Ok(())
    }

    /// The client no longer works on the key, and is about to release it.
    pub(super) fn end(&mut self, key: usize) {
        self.held[key] = false;
    }

    /// The daemon's counters must match these records.
    pub(super) fn balance(&self, counters: &Counters) -> Result<()> {
        let expected = [
            ("total_acquired", self.locked),
            ("processed_count", self.locked),
            ("total_releases", self.released),
            ("full_queues", self.full),
            ("connect_errors", 0),
            ("failed_sends", 0),
            ("lock_mismatch", 0),
            ("lock_while_waiting", 0),
            ("release_mismatch", 0),
        ];
        for (name, expected) in expected {
            ensure!(counters[name] == expected, "{name}: {} instead of {expected}", counters[name]);
        }
        let told = [self.locked, self.released, self.done, self.full, self.timeouts];
        let left = [self.left_idle, self.left_holding, self.left_waiting];
        ensure!(!told.contains(&0) && !left.contains(&0), "something never happened: {told:?}, {left:?}");
        Ok(())
    }
}
