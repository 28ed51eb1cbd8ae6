use poolcounter::Timestamp;
use rustix::time::{ClockId, clock_gettime};

/// Now, on the system's monotonic clock: never set back, and the same for every process of the machine.
pub(crate) fn now() -> Timestamp {
    let now = clock_gettime(ClockId::Monotonic);
    // A monotonic clock counts from the start of the machine, so both parts are positive.
    Timestamp::from_micros(now.tv_sec.unsigned_abs() * 1_000_000 + now.tv_nsec.unsigned_abs() / 1_000)
}
