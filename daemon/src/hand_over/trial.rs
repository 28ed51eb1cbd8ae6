//! Tests whether the new program can take over, while the old one serves.

use super::program::{Identity, Program};
use crate::command_line::CHECK_HAND_OVER;
use crate::system::descriptors::is_of_reserve;
use crate::system::orphans::OwnChild;
use crate::system::reason::reason;
use rustix::io::{Errno, ioctl_fionbio};
use rustix::process::{Pid, Signal, kill_process_group};
use std::io::{self, PipeReader, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{ExitStatus, Stdio};
use std::thread;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout, timeout_at};

/// What the new program writes to standard output if it can. An exit status is not enough: any program may exit with 0.
pub(crate) const CONSENT: &str = "poolcounterd: can take over\n";

/// How long the trial may take. It usually takes some milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// How much of its output is read, in bytes.
const MAX_OUTPUT: usize = 4 * 1024;

/// How much of a message is passed on, in characters. The service manager takes 4 KiB at most.
const MAX_MESSAGE: usize = 200;

/// Why the new program does not take over.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TrialError {
    #[error("it cannot be run: {}", reason(.0))]
    Run(#[from] io::Error),
    #[error("it did not report within {} s that it can take over", PATIENCE.as_secs())]
    TimedOut,
    #[error("it does not take over ({status}): {message}")]
    Refused { status: ExitStatus, message: String },
}

/// A trial that is prepared.
#[derive(Debug)]
pub(crate) struct Trial {
    program: Program,
    command: Command,
    stdout: PipeReader,
    stderr: PipeReader,
    in_reserve: bool,
}

impl Trial {
    /// Opens everything that is needed to run the program with the state on its standard input.
    pub(crate) fn new(program: &Program, state: OwnedFd) -> io::Result<Self> {
        // A program that writes more than the pipes hold waits until the trial ends.
        let [(stdout, stdout_inlet), (stderr, stderr_inlet)] = [io::pipe()?, io::pipe()?];
        let in_reserve = [state.as_fd(), stdout_inlet.as_fd(), stderr_inlet.as_fd()].into_iter().any(is_of_reserve);
        let mut command = program.as_child(&format!("--{CHECK_HAND_OVER}"));
        command.stdin(Stdio::from(state)).stdout(stdout_inlet).stderr(stderr_inlet).process_group(0);
        Ok(Self { program: program.clone(), command, stdout, stderr, in_reserve })
    }

    /// Whether the program can be run only while the reserve of descriptors is open.
    pub(crate) fn is_in_reserve(&self) -> bool {
        self.in_reserve
    }

    /// Runs the program. The daemon serves meanwhile.
    pub(crate) async fn start(self) -> Result<Started, TrialError> {
        let deadline = Instant::now() + PATIENCE;
        let running = timeout_at(deadline, start(self.program, self.command)).await;
        let (identity, running) = running.map_err(|_| TrialError::TimedOut)??;
        Ok(Started { identity, running, stdout: self.stdout, stderr: self.stderr, deadline })
    }
}

/// Runs the program, and identifies its file.
///
/// In a thread: the system returns only when it has read the file, and the file's disk or server may hang.
async fn start(program: Program, mut command: Command) -> io::Result<(Identity, Running)> {
    let (sender, started) = oneshot::channel();
    let runtime = Handle::current();
    let own = OwnChild::new();
    thread::Builder::new().spawn(move || {
        let _runtime = runtime.enter();
        // The file is identified first: if it is replaced before it is run, the upgrade notices that later.
        let running = program.identity().and_then(|identity| Ok((identity, Running(command.spawn()?, own))));
        // If the upgrade no longer waits, the value is dropped, which kills the program.
        let _ = sender.send(running);
    })?;
    started.await.unwrap_or_else(|_| Err(io::Error::other("the thread that starts it has ended")))
}

/// A trial that runs.
#[derive(Debug)]
pub(crate) struct Started {
    identity: Identity,
    running: Running,
    stdout: PipeReader,
    stderr: PipeReader,
    deadline: Instant,
}

impl Started {
    /// Waits for the outcome: the file that was run, if it can take over.
    pub(crate) async fn consent(mut self) -> Result<Identity, TrialError> {
        let status = self.running.end(self.deadline).await?;
        let stdout = read_available(&mut self.stdout)?;
        if status.success() && stdout == CONSENT.as_bytes() {
            return Ok(self.identity);
        }
        let stderr = read_available(&mut self.stderr)?;
        Err(TrialError::Refused { status, message: first_line(if stderr.is_empty() { &stdout } else { &stderr }) })
    }
}

/// The process of a trial. It is killed when this is dropped.
#[derive(Debug)]
struct Running(Child, OwnChild);

impl Running {
    async fn end(&mut self, deadline: Instant) -> Result<ExitStatus, TrialError> {
        if let Ok(status) = timeout_at(deadline, self.0.wait()).await {
            return Ok(status?);
        }
        self.kill();
        // A killed process ends at once, unless the system itself hangs.
        let _ = timeout(Duration::from_secs(1), self.0.wait()).await;
        Err(TrialError::TimedOut)
    }

    /// Kills the process and its children, if they still run.
    fn kill(&self) {
        let leader = self.0.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        if let Some(leader) = leader {
            // It may have ended.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Reads what is in the pipe now. Its end may not come: a child of the program may still have the pipe open.
fn read_available(pipe: &mut PipeReader) -> io::Result<Vec<u8>> {
    ioctl_fionbio(&*pipe, true)?;
    let mut bytes = vec![0; MAX_OUTPUT];
    let length = match pipe.read(&mut bytes) {
        Err(error) if Errno::from_io_error(&error) == Some(Errno::AGAIN) => 0,
        read => read?,
    };
    bytes.truncate(length);
    Ok(bytes)
}

fn first_line(output: &[u8]) -> String {
    let line = String::from_utf8_lossy(output.split(|&byte| byte == b'\n').next().unwrap_or_default());
    if line.is_empty() {
        return "it said nothing".to_owned();
    }
    // The log may be shown on a terminal.
    line.chars().take(MAX_MESSAGE).map(|character| if character.is_control() { '?' } else { character }).collect()
}
