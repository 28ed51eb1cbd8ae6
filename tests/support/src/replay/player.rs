//! The player: a program that has a client and does with it what it is told.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::deadline::{Deadline, PATIENCE};

/// A running player. It answers each line with one line.
#[derive(Debug)]
pub struct Player {
    child: Child,
    stdin: Option<ChildStdin>,
    /// Its answers, with their times.
    lines: Receiver<(Instant, String)>,
}

impl Player {
    /// Starts it. Its standard error is shown.
    pub fn start(command: &[OsString]) -> Result<Self> {
        let (program, arguments) = command.split_first().context("a player is a command")?;
        Self::spawn(Command::new(program).args(arguments))
    }

    /// Starts this command.
    pub fn spawn(command: &mut Command) -> Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("cannot run {command:?}"))?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        Ok(Self { child, stdin, lines: read(stdout.context("it has an output")?) })
    }

    /// Gives it a line.
    pub fn tell(&mut self, line: &str) -> Result<()> {
        let told = self.stdin.as_mut().map(|stdin| stdin.write_all(format!("{line}\n").as_bytes()));
        if !matches!(told, Some(Ok(()))) {
            bail!("the player does not take `{line}`: {}", self.end_of_it());
        }
        Ok(())
    }

    /// Waits for its answer.
    pub(super) fn hear(&mut self) -> Result<String> {
        // A program that starts under valgrind on a busy machine is slow.
        let line = self.hear_within(PATIENCE * 3)?;
        Ok(line.context("the player says nothing")?.1)
    }

    /// Waits for a line, and gives it with its time; `None` if no line comes within this time.
    pub fn hear_within(&mut self, time: Duration) -> Result<Option<(Instant, String)>> {
        use std::sync::mpsc::RecvTimeoutError::{Disconnected, Timeout};
        match self.lines.recv_timeout(time) {
            Ok(line) => Ok(Some(line)),
            Err(Timeout) => Ok(None),
            Err(Disconnected) => bail!("the player says no more: {}", self.end_of_it()),
        }
    }

    /// An unexpected event of the player: it has printed a line, or has ended.
    pub(crate) fn news(&mut self) -> Option<String> {
        match self.lines.try_recv() {
            Ok((_, line)) => Some(format!("the player says `{line}`")),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(format!("the player says no more: {}", self.end_of_it())),
        }
    }

    /// Its exit status, if it has ended.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Ends its input and waits for its own end, with exit status 0.
    pub fn end(mut self) -> Result<()> {
        self.stdin = None;
        let status = Deadline::after(PATIENCE).poll(|| self.child.try_wait().transpose());
        let status = status.context("the player does not end with its input")??;
        ensure!(status.success(), "the player ended with {status}");
        match self.lines.recv_timeout(PATIENCE) {
            Ok((_, line)) => bail!("the player says `{line}`"),
            Err(_) => Ok(()),
        }
    }

    /// How it ended, for a message.
    fn end_of_it(&mut self) -> String {
        self.stdin = None;
        let ended = Deadline::after(PATIENCE).poll(|| self.ended());
        ended.map_or_else(|| "it still runs".to_owned(), |status| format!("it ended with {status}"))
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        // Both fail if it has ended, which does no harm.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(stdout: ChildStdout) -> Receiver<(Instant, String)> {
    let (sender, lines) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
            if sender.send((Instant::now(), String::from_utf8_lossy(&line).into_owned())).is_err() {
                return;
            }
        }
    });
    lines
}
