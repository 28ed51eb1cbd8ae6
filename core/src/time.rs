use core::time::Duration;
use serde::{Deserialize, Serialize};

/// A time span in whole microseconds, rounded up. One of more than a year counts as a year, so that sums of a few do not overflow.
pub(crate) const fn micros(span: Duration) -> u64 {
    const YEAR: u64 = 365 * 24 * 3600 * 1_000_000;
    // `Duration::as_micros` has 128 bits, whose arithmetic costs the npm package a kilobyte.
    let micros = span.as_secs().saturating_mul(1_000_000).saturating_add(span.subsec_nanos().div_ceil(1000) as u64);
    if micros < YEAR { micros } else { YEAR }
}

/// A moment, in microseconds since an origin that the caller chooses.
///
/// One monotonic clock should feed a [`LockTable`](crate::LockTable): its moments are compared with each other and never with a calendar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The moment `micros` microseconds after the origin.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since the origin.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Whole seconds since the origin, rounded down.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0 / 1_000_000
    }

    /// The moment `micros` microseconds later.
    #[must_use]
    pub const fn after_micros(self, micros: u64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// The moment `secs` seconds later.
    #[must_use]
    pub const fn after_secs(self, secs: u32) -> Self {
        self.after_micros(secs as u64 * 1_000_000)
    }

    /// Microseconds from `earlier` until this moment; 0 if `earlier` is in fact later.
    #[must_use]
    pub const fn micros_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_rounded_up_and_a_year_at_the_most() {
        let year = Duration::from_hours(365 * 24);
        let spans = [Duration::ZERO, Duration::from_nanos(1), Duration::from_nanos(1_999_999_001), year, Duration::MAX];
        assert_eq!(spans.map(micros), [0, 1, 2_000_000, 31_536_000_000_000, 31_536_000_000_000]);
    }
}
