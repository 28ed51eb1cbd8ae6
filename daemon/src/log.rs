use poolcounter::Timestamp;
use tracing::level_filters::LevelFilter;

/// A warning that can recur is said again after this long at the earliest.
const QUIET_MICROS: u64 = 60 * 1_000_000;

/// Sends the log to standard error.
pub(crate) fn start(level: LevelFilter) {
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_target(false)
        .init();
}

/// Keeps a warning that clients can provoke from filling the log: it is said, then counted in silence for a minute.
#[derive(Debug, Default)]
pub(crate) struct Recurring {
    said: Option<Timestamp>,
    unsaid: u64,
}

impl Recurring {
    /// Whether to say it now; if so, how often it was kept back since it was last said.
    pub(crate) fn due(&mut self, now: Timestamp) -> Option<u64> {
        if self.said.is_some_and(|said| now.micros_since(said) < QUIET_MICROS) {
            self.unsaid += 1;
            return None;
        }
        self.said = Some(now);
        Some(std::mem::take(&mut self.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recurring_warning_is_said_once_and_counted() {
        let mut warning = Recurring::default();
        let start = Timestamp::from_micros(0);
        assert_eq!(warning.due(start), Some(0));
        assert_eq!(warning.due(start.after_secs(1)), None);
        assert_eq!(warning.due(start.after_secs(59)), None);
        assert_eq!(warning.due(start.after_secs(61)), Some(2));
        assert_eq!(warning.due(start.after_secs(62)), None);
    }
}
