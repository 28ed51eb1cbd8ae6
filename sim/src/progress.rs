//! What a long run does, on one line of a terminal. The commands that read and play recordings use it.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// A run that ends sooner shows no progress.
const PATIENCE: Duration = Duration::from_secs(2);

/// Goes to the beginning of the line, and clears it.
const CLEAR: &str = "\r\x1b[K";

/// The line, on standard error. It is not shown in the first two seconds, nor without a terminal. It is cleared when this value is dropped.
#[derive(Debug)]
pub struct Progress {
    since: Instant,
    at_terminal: bool,
    shown: bool,
}

impl Progress {
    /// Begins to count the time.
    #[must_use]
    pub fn begin() -> Self {
        Self { since: Instant::now(), at_terminal: stderr().is_terminal(), shown: false }
    }

    /// Shows a share, from 0 to 1.
    pub fn show(&mut self, share: f64) {
        self.say(|| format!("{:3.0} %", share * 100.0));
    }

    /// Shows what is being done, and a share of it, from 0 to 1.
    pub fn show_of(&mut self, what: &str, share: f64) {
        self.say(|| format!("{what}: {:.0} %", share * 100.0));
    }

    /// Replaces the line. Control characters are left out.
    pub fn say(&mut self, line: impl FnOnce() -> String) {
        if self.at_terminal && self.since.elapsed() > PATIENCE {
            self.shown = true;
            // A line that is longer than the terminal could not be replaced.
            let line: String = line().chars().filter(|letter| !letter.is_control()).take(79).collect();
            write(&format!("{CLEAR}{line}"));
        }
    }

    /// Clears the line, so that a message can be printed there.
    pub fn clear(&mut self) {
        if core::mem::replace(&mut self.shown, false) {
            write(CLEAR);
        }
    }
}

fn write(text: &str) {
    // Standard error may be closed.
    let _ = stderr().write_all(text.as_bytes());
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}
