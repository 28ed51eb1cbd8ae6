//! Asks the program that is to take over whether it can, before anything is given up for it.

use super::program::{Identity, Program};
use crate::command_line::CHECK_HAND_OVER;
use crate::system::descriptors::is_of_reserve;
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

/// What the program says to standard output if it can. An exit status alone would not do: any program may end with 0.
pub(crate) const CONSENT: &str = "poolcounterd: can take over\n";

/// How long it may take; some milliseconds are usual.
const PATIENCE: Duration = Duration::from_secs(10);

/// As much of what it says as is looked at, and as much of that as is passed on: the service manager takes no more than 4 KiB.
const ENOUGH: usize = 4 * 1024;
const CHARACTERS: usize = 200;

/// Why the program does not take over.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TrialError {
    #[error("it cannot be run: {}", reason(.0))]
    Run(#[from] io::Error),
    #[error("it did not say within {} s that it can take over", PATIENCE.as_secs())]
    TimedOut,
    #[error("it does not take over ({status}): {words}")]
    Refused { status: ExitStatus, words: String },
}

/// The program, ready to be asked.
#[derive(Debug)]
pub(crate) struct Trial {
    program: Program,
    command: Command,
    answer: PipeReader,
    words: PipeReader,
    in_reserve: bool,
}

impl Trial {
    /// Opens all that is needed to run it with the state on its standard input.
    pub(crate) fn new(program: &Program, state: OwnedFd) -> io::Result<Self> {
        // Of what it says the pipes keep some; a program that says more stands still until its time is up.
        let [(answer, answer_inlet), (words, words_inlet)] = [io::pipe()?, io::pipe()?];
        let in_reserve = [state.as_fd(), answer_inlet.as_fd(), words_inlet.as_fd()].into_iter().any(is_of_reserve);
        let mut command = program.as_child(&format!("--{CHECK_HAND_OVER}"));
        command.stdin(Stdio::from(state)).stdout(answer_inlet).stderr(words_inlet).process_group(0);
        Ok(Self { program: program.clone(), command, answer, words, in_reserve })
    }

    /// Whether it can be run only while the reserve of descriptors is open.
    pub(crate) fn is_in_reserve(&self) -> bool {
        self.in_reserve
    }

    /// Runs it. The daemon serves meanwhile.
    pub(crate) async fn start(self) -> Result<Asked, TrialError> {
        let deadline = Instant::now() + PATIENCE;
        let running = timeout_at(deadline, start(self.program, self.command)).await;
        let (identity, running) = running.map_err(|_| TrialError::TimedOut)??;
        Ok(Asked { identity, running, answer: self.answer, words: self.words, deadline })
    }
}

/// Runs the program, and says which file that was.
///
/// In a thread, because the system lets whoever starts a program wait until it has read the file, and the file's disk or server may hang.
async fn start(program: Program, mut command: Command) -> io::Result<(Identity, Running)> {
    let (sender, started) = oneshot::channel();
    let runtime = Handle::current();
    thread::Builder::new().spawn(move || {
        let _runtime = runtime.enter();
        // First the file: one that comes between is another one, which is found out later.
        let running = program.identity().and_then(|identity| Ok((identity, Running(command.spawn()?))));
        // Where nobody waits any longer this ends the program.
        let _ = sender.send(running);
    })?;
    started.await.unwrap_or_else(|_| Err(io::Error::other("nothing became of it")))
}

/// The program, being asked.
#[derive(Debug)]
pub(crate) struct Asked {
    identity: Identity,
    running: Running,
    answer: PipeReader,
    words: PipeReader,
    deadline: Instant,
}

impl Asked {
    /// Waits for its answer: the file that was run, if it can take over.
    pub(crate) async fn consent(mut self) -> Result<Identity, TrialError> {
        let status = self.running.end(self.deadline).await?;
        let answer = said(&mut self.answer)?;
        if status.success() && answer == CONSENT.as_bytes() {
            return Ok(self.identity);
        }
        let words = said(&mut self.words)?;
        Err(TrialError::Refused { status, words: first_line(if words.is_empty() { &answer } else { &words }) })
    }
}

/// Killed when it is dropped.
#[derive(Debug)]
struct Running(Child);

impl Running {
    async fn end(&mut self, deadline: Instant) -> Result<ExitStatus, TrialError> {
        if let Ok(status) = timeout_at(deadline, self.0.wait()).await {
            return Ok(status?);
        }
        self.kill();
        // It is gone at once, unless the system itself hangs.
        let _ = timeout(Duration::from_secs(1), self.0.wait()).await;
        Err(TrialError::TimedOut)
    }

    /// Kills it with all that it has started, if it runs still.
    fn kill(&self) {
        let leader = self.0.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        if let Some(leader) = leader {
            // It may have ended meanwhile.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What is in the pipe by now. There may be no end: a child of the program may have it open still.
fn said(pipe: &mut PipeReader) -> io::Result<Vec<u8>> {
    ioctl_fionbio(&*pipe, true)?;
    let mut bytes = vec![0; ENOUGH];
    let length = match pipe.read(&mut bytes) {
        Err(error) if Errno::from_io_error(&error) == Some(Errno::AGAIN) => 0,
        read => read?,
    };
    bytes.truncate(length);
    Ok(bytes)
}

fn first_line(words: &[u8]) -> String {
    let line = String::from_utf8_lossy(words.split(|&byte| byte == b'\n').next().unwrap_or_default());
    if line.is_empty() {
        return "it said nothing".to_owned();
    }
    // The log is for terminals.
    line.chars().take(CHARACTERS).map(|character| if character.is_control() { '?' } else { character }).collect()
}
