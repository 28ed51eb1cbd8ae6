use nix::errno::Errno;
use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawnp};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::Pid;
use rustix::process::{PidfdFlags, WaitOptions, WaitStatus, pidfd_open, waitpid};
use std::env;
use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

/// The command that runs.
#[derive(Debug)]
pub(super) struct Child {
    pid: Pid,
    /// Can be read from once it has ended. None: it had, and left no trace, before this could be opened.
    end: Option<OwnedFd>,
}

impl Child {
    /// Starts a command line with this mask of blocked signals, which std's own `Command` cannot set.
    pub(super) fn spawn(line: &[OsString], mask: &SigSet) -> io::Result<Self> {
        let [program, ..] = line else { return Err(io::ErrorKind::NotFound.into()) };
        let arguments = line.iter().map(|argument| c_string(argument)).collect::<io::Result<Vec<CString>>>()?;
        let variables = env::vars_os().map(|(name, value)| c_string(&[name, value].join(OsStr::new("="))));
        let variables = variables.collect::<io::Result<Vec<CString>>>()?;
        let mut attributes = PosixSpawnAttr::init()?;
        attributes.set_flags(PosixSpawnFlags::POSIX_SPAWN_SETSIGMASK | PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF)?;
        attributes.set_sigmask(mask)?;
        // It is ignored in every program in Rust.
        attributes.set_sigdefault(&SigSet::from_iter([Signal::SIGPIPE]))?;
        let files = PosixSpawnFileActions::init()?;
        let pid = posix_spawnp(&c_string(program)?, &files, &attributes, &arguments, &variables)?;
        match pidfd_open(number(pid)?, PidfdFlags::empty()) {
            Ok(end) => Ok(Self { pid, end: Some(end) }),
            Err(rustix::io::Errno::SRCH) => Ok(Self { pid, end: None }),
            Err(error) => Err(error.into()),
        }
    }

    /// What can be read from once it has ended; none if it has already.
    pub(super) fn end(&self) -> Option<BorrowedFd<'_>> {
        self.end.as_ref().map(AsFd::as_fd)
    }

    /// Sends it a signal. Not after its end was found.
    pub(super) fn signal(&self, signal: Signal) {
        // It may have become another user's, who is not to be sent one: there is nothing to be done about that.
        let _ = kill(self.pid, signal);
    }

    /// How it ended, if it has.
    pub(super) fn ended(&self) -> io::Result<Option<WaitStatus>> {
        match waitpid(Some(number(self.pid)?), WaitOptions::NOHANG) {
            Ok(ended) => Ok(ended.map(|(_, status)| status)),
            Err(rustix::io::Errno::INTR) => Ok(None),
            // The system keeps no status for a program that ignores this signal.
            Err(rustix::io::Errno::CHILD) => {
                Err(io::Error::other("the status of the command is lost, for SIGCHLD is ignored"))
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn number(pid: Pid) -> io::Result<rustix::process::Pid> {
    rustix::process::Pid::from_raw(pid.as_raw()).ok_or_else(|| Errno::ESRCH.into())
}

fn c_string(text: &OsStr) -> io::Result<CString> {
    CString::new(text.as_bytes()).map_err(|_| Errno::EINVAL.into())
}

/// The status of a command as a shell has it.
pub(super) fn status(status: WaitStatus) -> u8 {
    let number = status.exit_status().or_else(|| status.terminating_signal().map(|signal| 128 + signal));
    number.and_then(|number| u8::try_from(number).ok()).unwrap_or(u8::MAX)
}
