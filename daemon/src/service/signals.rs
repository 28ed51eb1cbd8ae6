use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use std::io;
use tokio::io::unix::AsyncFd;
use tracing::info;

/// The signals that the daemon handles. Other signals have the system's meaning, as in the reference.
///
/// They are blocked and read from a descriptor. A signal that comes while another program takes over waits for that program.
#[derive(Debug)]
pub(crate) struct Signals(AsyncFd<SignalFd>);

/// The meaning of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// SIGTERM: clients may finish first.
    Stop,
    /// SIGINT.
    StopNow,
    Upgrade,
    Reload,
}

impl Signals {
    /// `reads_again`: SIGHUP is caught, too.
    pub(crate) fn new(reads_again: bool) -> io::Result<Self> {
        let hangup = reads_again.then_some(Signal::SIGHUP);
        let signals: SigSet = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGUSR1].into_iter().chain(hangup).collect();
        // The standard library starts children with no signal blocked.
        signals.thread_block()?;
        let descriptor = SignalFd::with_flags(&signals, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
        #[expect(
            deprecated,
            reason = "what follows it is unsafe, for types that do not own their descriptor; this one does"
        )]
        let descriptor = AsyncFd::new(descriptor)?;
        Ok(Self(descriptor))
    }

    /// Waits for the next signal.
    pub(crate) async fn next(&self) -> io::Result<Request> {
        loop {
            let mut ready = self.0.readable().await?;
            match ready.get_inner().read_signal()? {
                Some(signal) if signal.ssi_signo == Signal::SIGUSR1 as u32 => return Ok(Request::Upgrade),
                Some(signal) if signal.ssi_signo == Signal::SIGHUP as u32 => return Ok(Request::Reload),
                Some(signal) if signal.ssi_signo == Signal::SIGINT as u32 => {
                    info!("stopped by SIGINT");
                    return Ok(Request::StopNow);
                }
                Some(_) => {
                    info!("stopped by SIGTERM");
                    return Ok(Request::Stop);
                }
                None => ready.clear_ready(),
            }
        }
    }
}
