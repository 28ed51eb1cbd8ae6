use crate::Timestamp;
use std::time::Instant;

/// Where a client lives: the process that its connections belong to, and the origin of its clock.
#[derive(Debug)]
pub(crate) struct Home {
    process: u32,
    origin: Instant,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self { process: std::process::id(), origin: Instant::now() }
    }

    pub(crate) fn now(&self) -> Timestamp {
        let micros = self.origin.elapsed().as_micros();
        Timestamp::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
    }

    /// Whether this is a process that was forked since the last question. It has the same sockets as its parent, and two that talk on one would get each other's
    /// answers; closing them here ends nothing, for the parent has them open too.
    pub(crate) fn has_moved(&mut self) -> bool {
        let process = std::process::id();
        std::mem::replace(&mut self.process, process) != process
    }
}
