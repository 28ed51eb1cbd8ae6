use super::plain;
use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// A run that ends sooner shows no progress.
const PATIENCE: Duration = Duration::from_secs(2);

/// Goes to the beginning of the line, and clears it.
const CLEAR: &str = "\r\x1b[K";

/// The most columns of a line. A line that is longer than the terminal could not be replaced.
const WIDTH: usize = 79;

/// What a long command does, on one line of a terminal. Without a terminal it shows nothing.
pub(crate) struct Progress {
    since: Instant,
    at_terminal: bool,
    shown: bool,
}

impl Progress {
    pub(crate) fn begin() -> Self {
        Self { since: Instant::now(), at_terminal: stderr().is_terminal(), shown: false }
    }

    /// Replaces the line.
    pub(crate) fn say(&mut self, line: impl FnOnce() -> String) {
        if self.at_terminal && self.since.elapsed() > PATIENCE {
            self.shown = true;
            let line: String = plain(&line()).chars().take(WIDTH).collect();
            write(&format!("{CLEAR}{line}"));
        }
    }
}

fn write(text: &str) {
    // There is nobody to tell if that fails.
    let _ = stderr().write_all(text.as_bytes());
}

/// Leaves the line to what is printed next.
impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            write(CLEAR);
        }
    }
}
