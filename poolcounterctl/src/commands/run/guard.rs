use super::child::{Child, status};
use super::ignored::heeded;
use super::{Options, SHORT};
use crate::failure::{Failure, reason};
use crate::output::complain;
use nix::libc::SI_KERNEL;
use nix::sys::signal::{SigSet, Signal, raise};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use poolcounter::blocking::BlockingClient;
use poolcounter::client::{Lock, ReleaseOutcome};
use poolcounter::key::KeyText;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{self, ErrorKind};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, Instant};

/// What is passed on to the command.
const PASSED_ON: [Signal; 8] = [
    Signal::SIGTERM,
    Signal::SIGINT,
    Signal::SIGHUP,
    Signal::SIGQUIT,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGTSTP,
    Signal::SIGCONT,
];

/// What a shell says of a command that it cannot run, and of one that it does not find.
const NOT_EXECUTABLE: u8 = 126;
const NOT_FOUND: u8 = 127;

/// How long a command that has lost its lock has to end after TERM.
const PATIENCE: Duration = Duration::from_secs(10);

/// A command, and the lock that it runs under.
pub(super) struct Guard<'a> {
    options: &'a Options,
    client: BlockingClient,
    /// None, if it runs unprotected or the lock is lost.
    lock: Option<Lock>,
    /// When the command is killed.
    kill_at: Option<Instant>,
}

impl<'a> Guard<'a> {
    pub(super) fn new(options: &'a Options, client: BlockingClient, lock: Option<Lock>) -> Self {
        Self { options, client, lock, kill_at: None }
    }

    /// Runs the command, and gives its status. Then the lock is released if the command succeeded.
    pub(super) fn run(mut self) -> Result<u8, Failure> {
        let heeded = heeded(&PASSED_ON);
        let mask = SigSet::thread_get_mask().map_err(io::Error::from)?;
        heeded.thread_block().map_err(io::Error::from)?;
        let signals = SignalFd::with_flags(&heeded, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC);
        let signals = signals.map_err(io::Error::from)?;
        let child = match Child::spawn(&self.options.command, &mask) {
            Ok(child) => child,
            Err(error) => return Ok(self.not_run(&error)),
        };
        let ended = loop {
            if let Some(ended) = child.ended()? {
                break ended;
            }
            self.wait(&signals, &child)?;
            while let Some(signal) = signals.read_signal().map_err(io::Error::from)? {
                // Every number comes from the mask, which has none that is unknown.
                let number = i32::try_from(signal.ssi_signo).ok().and_then(|number| Signal::try_from(number).ok());
                if let Some(number) = number {
                    pass_on(&child, number, signal.ssi_code == SI_KERNEL);
                }
            }
            if self.is_lost() {
                self.lose(&child);
            }
            if self.kill_at.is_some_and(|moment| Instant::now() >= moment) {
                child.signal(Signal::SIGKILL);
                self.kill_at = None;
            }
        };
        if ended.exit_status() == Some(0) {
            self.release();
        } else {
            self.abandon();
        }
        Ok(status(ended))
    }

    /// The status of a shell whose command cannot be run.
    fn not_run(&mut self, error: &io::Error) -> u8 {
        self.abandon();
        let command = self.options.command.first().map(|program| program.to_string_lossy()).unwrap_or_default();
        complain(format!("cannot run {command}: {}", reason(error)));
        if error.kind() == ErrorKind::NotFound { NOT_FOUND } else { NOT_EXECUTABLE }
    }

    /// Until a signal comes, the command has ended, the lock is lost, or the command is to be killed.
    fn wait(&self, signals: &SignalFd, child: &Child) -> Result<(), Failure> {
        let Some(end) = child.end() else { return Ok(()) };
        let mut watched: Vec<PollFd<'_>> =
            [signals.as_fd(), end].map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).into();
        let connection = self.lock.as_ref().and_then(|lock| self.client.descriptor(lock));
        watched.extend(connection.map(|connection| PollFd::from_borrowed_fd(connection, PollFlags::IN)));
        let left = self.kill_at.map(|moment| moment.saturating_duration_since(Instant::now()));
        // Ten seconds have room in it.
        let left = left.and_then(|left| Timespec::try_from(left).ok());
        match poll(&mut watched, left.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(io::Error::from(error).into()),
        }
    }

    /// Whether the connection of the lock has ended.
    fn is_lost(&self) -> bool {
        let Some(lock) = &self.lock else { return false };
        let Some(connection) = self.client.descriptor(lock) else { return true };
        let mut watched = [PollFd::from_borrowed_fd(connection, PollFlags::IN)];
        poll(&mut watched, Some(&Timespec::default())).is_ok_and(|ready| ready > 0)
    }

    fn lose(&mut self, child: &Child) {
        let next = if self.options.kill_on_loss { "the command is ended" } else { "the command goes on unprotected" };
        complain(format!(
            "the lock on {} is lost, because the connection to {} has ended; {next}",
            self.key(),
            self.server()
        ));
        self.abandon();
        if self.options.kill_on_loss {
            child.signal(Signal::SIGTERM);
            // Stopped, it would not notice.
            child.signal(Signal::SIGCONT);
            self.kill_at = Some(Instant::now() + PATIENCE);
        }
    }

    /// The work is done: everyone who waits for it is told so.
    fn release(&mut self) {
        let Some(lock) = self.lock.take() else { return };
        let (key, server) = (self.key(), self.server());
        match self.client.release(lock) {
            Ok(ReleaseOutcome::Released) => {}
            Ok(ReleaseOutcome::NotLocked) => complain(format!("the lock on {key} was lost before the command ended")),
            Err(failure) => complain(format!("the lock on {key} at {server} could not be released: {failure}")),
        }
    }

    /// The work is not done: the next one who waits does it.
    fn abandon(&mut self) {
        if let Some(lock) = self.lock.take() {
            // It is this client's own lock.
            let _ = self.client.abandon(lock);
        }
    }

    fn key(&self) -> String {
        KeyText(self.options.key.as_bytes()).shorten(SHORT).to_string()
    }

    fn server(&self) -> String {
        let asked = self.client.asked().and_then(|index| self.options.servers.get(index));
        asked.map_or_else(|| "the server".to_owned(), ToString::to_string)
    }
}

/// What is typed on the terminal has reached the command already: it goes to all processes in the foreground. A hang-up goes to the leader of the session
/// alone, and is passed on in any case: should the command have it already, a second one does no harm.
fn pass_on(child: &Child, signal: Signal, from_kernel: bool) {
    if !from_kernel || signal == Signal::SIGHUP {
        child.signal(signal);
    }
    if signal == Signal::SIGTSTP {
        // The shell that waits for this program goes on, and wakes it by CONT. It cannot be refused for a process of one's own.
        let _ = raise(Signal::SIGSTOP);
    }
}
