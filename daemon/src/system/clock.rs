use poolcounter::Timestamp;
use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;
use tokio::time::Instant;

/// The time on the system's monotonic clock, which is never set back and is the same for all processes of the machine.
pub(crate) fn now() -> Timestamp {
    let now = clock_gettime(ClockId::Monotonic);
    // The monotonic clock counts from the start of the machine, so both parts are positive.
    Timestamp::from_micros(now.tv_sec.unsigned_abs() * 1_000_000 + now.tv_nsec.unsigned_abs() / 1_000)
}

/// The same time on the runtime's clock, or now if it has passed.
pub(crate) fn instant(at: Timestamp) -> Instant {
    Instant::now() + Duration::from_micros(at.micros_since(now()))
}

/// The same time on the system's clock, or now if it has passed.
pub(crate) fn timestamp(at: Instant) -> Timestamp {
    let left = at.saturating_duration_since(Instant::now()).as_micros();
    now().after_micros(u64::try_from(left).unwrap_or(u64::MAX))
}
