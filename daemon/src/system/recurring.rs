use poolcounter::Timestamp;
use std::fmt;
use std::mem;

/// A warning that can recur is logged at most once in this time.
const QUIET_MICROS: u64 = 60 * 1_000_000;

/// Prevents a warning that clients can cause from filling the log: it is logged once, and then only counted for a minute.
#[derive(Debug, Default)]
pub(crate) struct Recurring {
    said: Option<Timestamp>,
    unsaid: u64,
}

impl Recurring {
    /// `Some` if it is to be logged now, with the text to add about the times that it was only counted.
    pub(crate) fn due(&mut self, now: Timestamp) -> Option<Unsaid> {
        if self.said.is_some_and(|said| now.micros_since(said) < QUIET_MICROS) {
            self.unsaid += 1;
            return None;
        }
        self.said = Some(now);
        Some(Unsaid(mem::take(&mut self.unsaid)))
    }
}

/// How often a warning was only counted. Shown as nothing if it never was.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unsaid(u64);

impl fmt::Display for Unsaid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            times => write!(formatter, " (and {times} times more since this was last said)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recurring_warning_is_said_once_and_counted() {
        let mut warning = Recurring::default();
        let start = Timestamp::from_micros(0);
        assert_eq!(warning.due(start), Some(Unsaid(0)));
        assert_eq!(warning.due(start.after_secs(1)), None);
        assert_eq!(warning.due(start.after_secs(59)), None);
        assert_eq!(warning.due(start.after_secs(61)), Some(Unsaid(2)));
        assert_eq!(warning.due(start.after_secs(62)), None);
    }
}
