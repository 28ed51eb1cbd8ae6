//! Asks the program that is to take over whether it can, before anything is given up for it.

use super::program::Program;
use crate::reason::reason;
use rustix::io::{Errno, ioctl_fionbio};
use rustix::process::{Pid, Signal, kill_process_group};
use std::io::{self, PipeReader, Read};
use std::os::fd::OwnedFd;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::process::Child;
use tokio::time::timeout;

/// The option by which the program is asked. One that does not know it will not mistake itself for a daemon that is started.
pub(crate) const CHECK_HAND_OVER: &str = "check-hand-over";

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

/// The program, being asked.
#[derive(Debug)]
pub(crate) struct Trial {
    child: Child,
    answer: PipeReader,
    words: PipeReader,
}

impl Trial {
    /// Runs it with the state on its standard input. The daemon serves meanwhile.
    pub(crate) fn start(program: &Program, state: OwnedFd) -> Result<Self, TrialError> {
        // Of what it says the pipes keep some; a program that says more stands still until its time is up.
        let [(answer, answer_inlet), (words, words_inlet)] = [io::pipe()?, io::pipe()?];
        let mut command = program.as_child(&format!("--{CHECK_HAND_OVER}"));
        command.stdin(Stdio::from(state)).stdout(answer_inlet).stderr(words_inlet).process_group(0);
        Ok(Self { child: command.spawn()?, answer, words })
    }

    /// Waits for its answer.
    pub(crate) async fn consent(mut self) -> Result<(), TrialError> {
        let status = self.end().await?;
        let answer = said(&mut self.answer)?;
        if status.success() && answer == CONSENT.as_bytes() {
            return Ok(());
        }
        let words = said(&mut self.words)?;
        Err(TrialError::Refused { status, words: first_line(if words.is_empty() { &answer } else { &words }) })
    }

    async fn end(&mut self) -> Result<ExitStatus, TrialError> {
        if let Ok(status) = timeout(PATIENCE, self.child.wait()).await {
            return Ok(status?);
        }
        self.kill();
        // It is gone at once, unless the system itself hangs.
        let _ = timeout(Duration::from_secs(1), self.child.wait()).await;
        Err(TrialError::TimedOut)
    }

    /// Kills it with all that it has started, if it runs still.
    fn kill(&self) {
        let leader = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        if let Some(leader) = leader {
            // It may have ended meanwhile.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

impl Drop for Trial {
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
