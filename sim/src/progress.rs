//! A percentage at a terminal.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// A run that ends sooner shows no progress.
const PATIENCE: Duration = Duration::from_secs(2);

/// Shows nothing at first, and nothing at all without a terminal.
pub(crate) struct Progress {
    since: Instant,
    at_terminal: bool,
    shown: bool,
}

impl Progress {
    pub(crate) fn begin() -> Self {
        Self { since: Instant::now(), at_terminal: stderr().is_terminal(), shown: false }
    }

    /// From 0 to 1.
    pub(crate) fn show(&mut self, share: f64) {
        if self.at_terminal && self.since.elapsed() > PATIENCE {
            self.shown = true;
            write(&format!("\r{:3.0} %", share * 100.0));
        }
    }
}

fn write(text: &str) {
    // Standard error may be closed.
    let _ = stderr().write_all(text.as_bytes());
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            write("\r     \r");
        }
    }
}
