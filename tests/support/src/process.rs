//! A daemon for which [`Daemon`](crate::Daemon) is not suitable: it has no address of its own, or ends at once.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

use crate::deadline::{Deadline, PATIENCE};
use crate::kernel;
use crate::program::run_to_end;
use crate::scratch::Scratch;

/// Sends a signal to a process.
pub(crate) fn signal(pid: u32, number: Signal) -> Result<()> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    Ok(kill_process(pid.context("a process id")?, number)?)
}

/// A process that runs until it ends or is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    scratch: Scratch,
}

impl Process {
    /// Starts it.
    pub fn spawn(command: &mut Command) -> Result<Self> {
        let scratch = Scratch::new()?;
        let files = (File::create_new(scratch.file("stdout"))?, File::create_new(scratch.file("stderr"))?);
        let child = command.stdout(files.0).stderr(files.1).spawn();
        Ok(Self { child: child.with_context(|| format!("cannot run {command:?}"))?, scratch })
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its standard output and standard error so far, with non-ASCII bytes escaped.
    pub fn printed(&self) -> Result<(String, String)> {
        let read = |name| Ok::<_, anyhow::Error>(fs::read(self.scratch.file(name))?.escape_ascii().to_string());
        Ok((read("stdout")?, read("stderr")?))
    }

    /// Its exit status, if it has ended.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Where it listens over TCP.
    #[must_use]
    pub fn listeners(&self) -> BTreeSet<SocketAddr> {
        // A process that is about to end has no sockets.
        kernel::listeners(self.pid()).unwrap_or_default()
    }

    /// Waits until it listens at exactly these addresses.
    pub fn expect_listeners(&self, addresses: &[SocketAddr]) -> Result<()> {
        let expected = addresses.iter().copied().collect();
        let there = || (self.listeners() == expected).then_some(());
        let came = Deadline::after(PATIENCE).poll(there);
        came.with_context(|| format!("it listens at {:?}; it printed {:?}", self.listeners(), self.printed()))
    }

    /// Sends it a signal.
    pub fn signal(&self, number: Signal) -> Result<()> {
        signal(self.pid(), number)
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        let ended = Deadline::after(PATIENCE).poll(|| self.child.try_wait().transpose());
        Ok(ended.context("the process does not end")??)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        let _ = self.signal(Signal::TERM);
        let ended = || self.child.try_wait().transpose();
        if Deadline::after(Duration::from_secs(5)).poll(ended).is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// The outcome of a daemon's start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It listens over TCP at these addresses, and prints nothing.
    Listens(BTreeSet<SocketAddr>),
    /// It ends.
    Ends {
        /// The exit status; `None` if a signal has killed it.
        code: Option<i32>,
        /// Its standard output, with non-ASCII bytes escaped.
        stdout: String,
        /// Its standard error, with non-ASCII bytes escaped.
        stderr: String,
    },
}

impl Outcome {
    /// Runs a command until it listens or ends, and stops it.
    pub fn of(command: &mut Command) -> Result<Self> {
        let mut process = Process::spawn(command)?;
        let outcome = Deadline::after(PATIENCE).poll(|| match process.ended() {
            Ok(None) => Some(process.listeners()).filter(|listeners| !listeners.is_empty()).map(|at| Ok((None, at))),
            ended => Some(ended.map(|status| (status, BTreeSet::new()))),
        });
        let Some(outcome) = outcome else { bail!("{command:?} neither listens nor ends") };
        let (status, listeners) = outcome?;
        if let Some(status) = status {
            let (stdout, stderr) = process.printed()?;
            return Ok(Self::Ends { code: status.code(), stdout, stderr });
        }
        process.signal(Signal::TERM)?;
        let (status, printed) = (process.wait()?, process.printed()?);
        ensure!(printed == (String::new(), String::new()), "{command:?} listens but prints {printed:?}");
        ensure!(status.success(), "{command:?} listened, then ended with {status}");
        Ok(Self::Listens(listeners))
    }

    /// Runs a command that should end, for any listener that it was given.
    pub fn at_end(command: &mut Command) -> Result<Self> {
        let output = run_to_end(command, Deadline::after(PATIENCE))?;
        let [stdout, stderr] = [output.stdout, output.stderr].map(|bytes| bytes.escape_ascii().to_string());
        Ok(Self::Ends { code: output.status.code(), stdout, stderr })
    }

    /// Listening at one address.
    #[must_use]
    pub fn listens(address: SocketAddr) -> Self {
        Self::Listens(BTreeSet::from([address]))
    }

    /// Failing to start, with exit status 1 and these words.
    #[must_use]
    pub fn refuses(stderr: &str) -> Self {
        Self::refuses_with(1, stderr)
    }

    /// Failing to start, with this exit status and these words.
    #[must_use]
    pub fn refuses_with(status: i32, stderr: &str) -> Self {
        let stderr = stderr.as_bytes().escape_ascii().to_string();
        Self::Ends { code: Some(status), stdout: String::new(), stderr }
    }
}
