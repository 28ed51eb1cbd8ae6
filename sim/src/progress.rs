//! A percentage for whoever waits at a terminal.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// What is done sooner needs no progress.
const PATIENCE: Duration = Duration::from_secs(2);

/// Shows nothing at first, and nothing at all where nobody looks.
pub(crate) struct Progress {
    since: Instant,
    watched: bool,
    shown: bool,
}

impl Progress {
    pub(crate) fn begin() -> Self {
        Self { since: Instant::now(), watched: stderr().is_terminal(), shown: false }
    }

    /// From 0 to 1.
    pub(crate) fn show(&mut self, share: f64) {
        if self.watched && self.since.elapsed() > PATIENCE {
            self.shown = true;
            write(&format!("\r{:3.0} %", share * 100.0));
        }
    }
}

fn write(text: &str) {
    // Where standard error is closed there is nobody to tell.
    let _ = stderr().write_all(text.as_bytes());
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            write("\r     \r");
        }
    }
}
