//! One side of a comparison, seen from the process that compares: a worker, asked for slices.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::namespace::Unshare;
use crate::plan::{Cell, Measures};

/// The longest that a worker may take for one answer.
const PATIENCE: Duration = Duration::from_mins(3);

/// What every worker is started with.
pub(crate) struct Setting {
    pub(crate) unshare: Unshare,
    pub(crate) load_cpu: usize,
    pub(crate) daemon_cpu: usize,
}

/// A running worker with its daemon. Both are killed when this is dropped.
pub(crate) struct Side {
    child: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Side {
    /// Starts `daemon` with the clients of `cell` connected.
    pub(crate) fn start(setting: &Setting, daemon: &Path, cell: Cell) -> Result<Side> {
        let mut child = setting
            .unshare
            .command(std::env::current_exe()?)
            .args(["worker", "--mode", &cell.mode.to_string()])
            .args(["--connections", &cell.connections.to_string()])
            .args(["--daemon-cpu", &setting.daemon_cpu.to_string()])
            .args(["--load-cpu", &setting.load_cpu.to_string()])
            .arg("--daemon")
            .arg(daemon)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start a worker")?;
        let answers = child.stdout.take().context("a worker's output")?;
        let mut side = Side { requests: child.stdin.take(), child, answers: BufReader::new(answers) };
        side.answer()?;
        Ok(side)
    }

    /// Has one slice worked.
    pub(crate) fn slice(&mut self, length: Duration) -> Result<Measures> {
        let requests = self.requests.as_mut().context("the worker is at its end")?;
        writeln!(requests, "{}", length.as_millis()).context("a worker ended")?;
        self.answer()
    }

    /// Has the worker hold all answers against the daemon's counters, and ends it.
    pub(crate) fn finish(mut self) -> Result<()> {
        self.requests = None;
        self.answer()?;
        let status = self.child.wait()?;
        if !status.success() {
            bail!("a worker failed: {status}");
        }
        Ok(())
    }

    fn answer(&mut self) -> Result<Measures> {
        let patience: Timespec = PATIENCE.try_into()?;
        let mut ready = [PollFd::new(self.answers.get_ref(), PollFlags::IN)];
        if poll(&mut ready, Some(&patience))? == 0 {
            bail!("a worker does not answer for {PATIENCE:?}");
        }
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            bail!("a worker failed, see above");
        }
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        // The daemon dies with its worker.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
