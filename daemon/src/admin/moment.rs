use crate::system::clock;
use poolcounter::Timestamp;
use std::time::{Duration, SystemTime};

/// The moment of an answer, on the daemon's clock and on the calendar.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) now: Timestamp,
    calendar: SystemTime,
}

impl Moment {
    pub(super) fn now() -> Self {
        Self { now: clock::now(), calendar: SystemTime::now() }
    }

    /// How long ago that was, in seconds.
    pub(super) fn age(&self, at: Timestamp) -> f64 {
        seconds(self.now.micros_since(at))
    }

    /// How long it is until then, in seconds; 0 if that time has passed.
    pub(super) fn left(&self, at: Timestamp) -> f64 {
        seconds(at.micros_since(self.now))
    }

    /// A time that has passed, in seconds since 1970.
    pub(super) fn unix_seconds(&self, at: Timestamp) -> f64 {
        let now = self.calendar.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        now.as_secs_f64() - self.age(at)
    }

    /// A time that has passed, on the calendar: as `2026-01-31T12:00:00.000Z`.
    pub(super) fn calendar(&self, at: Timestamp) -> String {
        let then = self.calendar.checked_sub(Duration::from_micros(self.now.micros_since(at)));
        // The library cannot write years before 1970, and a clock that was set is later.
        humantime::format_rfc3339_millis(then.unwrap_or(SystemTime::UNIX_EPOCH).max(SystemTime::UNIX_EPOCH)).to_string()
    }
}

/// Microseconds as seconds with a fraction.
#[expect(clippy::cast_precision_loss, reason = "exact for 285 years")]
pub(super) fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}
