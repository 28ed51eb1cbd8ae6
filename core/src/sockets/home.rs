use super::Process;
use crate::Timestamp;
use rustix::time::{ClockId, clock_gettime};

/// Where a client lives: the process that its connections belong to, and its clock.
#[derive(Debug)]
pub(crate) struct Home {
    process: Process,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self { process: Process::current() }
    }

    /// The system's monotonic clock: all clients have the same one, and a child that was forked goes on with it.
    // As `now` of a client reads, though it needs none.
    #[allow(clippy::unused_self)]
    pub(crate) fn now(&self) -> Timestamp {
        let time = clock_gettime(ClockId::Monotonic);
        // Neither is negative.
        Timestamp::from_micros(time.tv_sec.unsigned_abs() * 1_000_000 + time.tv_nsec.unsigned_abs() / 1000)
    }

    /// Whether this is a process that was forked since the last question. It has the same sockets as its parent, and two that talk on one would get each other's
    /// answers; closing them here ends nothing, for the parent has them open too.
    pub(crate) fn has_moved(&mut self) -> bool {
        let process = Process::current();
        std::mem::replace(&mut self.process, process) != process
    }
}
