use super::Process;
use std::mem;

/// Notices when the process was forked. A child has the same sockets as its parent, and two that talk on one would get each other's answers. Closing them in the child ends nothing,
/// for the parent has them open too.
#[derive(Debug)]
pub(crate) struct ForkGuard {
    process: Process,
}

impl ForkGuard {
    pub(crate) fn new() -> Self {
        Self { process: Process::current() }
    }

    /// Whether this process was forked from the one of the last question.
    pub(crate) fn was_forked(&mut self) -> bool {
        let process = Process::current();
        mem::replace(&mut self.process, process) != process
    }
}
