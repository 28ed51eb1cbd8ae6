//! A child process that is asked and answers in lines.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// The longest that it may take for one answer.
const PATIENCE: Duration = Duration::from_mins(3);

/// Such a child. It is killed when this is dropped.
pub(crate) struct Partner {
    child: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Partner {
    /// Starts it and waits for the line that says that it is ready.
    pub(crate) fn start(command: &mut Command) -> Result<Partner> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let answers = child.stdout.take().context("a child's output")?;
        let mut partner = Partner { requests: child.stdin.take(), child, answers: BufReader::new(answers) };
        partner.answer()?;
        Ok(partner)
    }

    /// The answer to a request.
    pub(crate) fn ask(&mut self, request: &str) -> Result<String> {
        let requests = self.requests.as_mut().context("the child is at its end")?;
        writeln!(requests, "{request}").context("a child ended")?;
        self.answer()
    }

    /// Ends its input, and waits for a last line and a good end.
    pub(crate) fn finish(mut self) -> Result<()> {
        self.requests = None;
        self.answer()?;
        let status = self.child.wait()?;
        if !status.success() {
            bail!("a child failed: {status}");
        }
        Ok(())
    }

    fn answer(&mut self) -> Result<String> {
        let patience: Timespec = PATIENCE.try_into()?;
        let mut ready = [PollFd::new(self.answers.get_ref(), PollFlags::IN)];
        if poll(&mut ready, Some(&patience))? == 0 {
            bail!("a child does not answer for {PATIENCE:?}");
        }
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            bail!("a child failed, see above");
        }
        Ok(line)
    }
}

impl Drop for Partner {
    fn drop(&mut self) {
        // It may have ended by itself; wait() then still reaps it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
