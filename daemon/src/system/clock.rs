use poolcounter::Timestamp;
use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;
use tokio::time::Instant;

/// Now, on the system's monotonic clock: never set back, and the same for every process of the machine.
pub(crate) fn now() -> Timestamp {
    let now = clock_gettime(ClockId::Monotonic);
    // A monotonic clock counts from the start of the machine, so both parts are positive.
    Timestamp::from_micros(now.tv_sec.unsigned_abs() * 1_000_000 + now.tv_nsec.unsigned_abs() / 1_000)
}

/// The same moment on the runtime's clock; now, if it is over.
pub(crate) fn instant(at: Timestamp) -> Instant {
    Instant::now() + Duration::from_micros(at.micros_since(now()))
}

/// The same moment on the system's clock; now, if it is over.
pub(crate) fn timestamp(at: Instant) -> Timestamp {
    let left = at.saturating_duration_since(Instant::now()).as_micros();
    now().after_micros(u64::try_from(left).unwrap_or(u64::MAX))
}
