use crate::clock;
use crate::log::Recurring;
use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{info, warn};

/// The signals that the daemon answers to. The others keep the system's meaning, as in the reference.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    graceful: Signal,
}

impl Signals {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            graceful: signal(SignalKind::user_defined1())?,
        })
    }

    /// Returns when the daemon is to stop.
    pub(crate) async fn until_stopped(mut self) {
        let mut ignored = Recurring::default();
        loop {
            tokio::select! {
                _ = self.terminate.recv() => break info!("stopped by SIGTERM"),
                _ = self.interrupt.recv() => break info!("stopped by SIGINT"),
                _ = self.graceful.recv() => if let Some(unsaid) = ignored.due(clock::now()) {
                    warn!("SIGUSR1 is ignored: this version cannot restart in place{unsaid}");
                },
            }
        }
    }
}
