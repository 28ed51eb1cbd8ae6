//! The program on a terminal, whose screen is read as a person would see it.

use crate::program::command;
use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Deadline, PATIENCE};
use pty_process::Size;
use pty_process::blocking::{Command, Pty, open};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{Termios, tcgetattr};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::time::Duration;

/// A program on a terminal of its own.
pub(crate) struct Terminal {
    pty: Pty,
    child: Child,
    parser: vt100::Parser,
    /// As it was before the program began.
    modes: Termios,
}

impl Terminal {
    /// Starts the program on a terminal of this size, columns first.
    pub(crate) fn start(size: (u16, u16), arguments: &[&str], environment: &[(&str, &str)]) -> Result<Self> {
        Self::start_through(&[], size, arguments, environment)
    }

    /// As [`start`](Self::start), with these options of `env`.
    pub(crate) fn start_through(
        options: &[&str],
        size: (u16, u16),
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Result<Self> {
        let (columns, rows) = size;
        let (pty, pts) = open()?;
        pty.resize(Size::new(rows, columns))?;
        let modes = tcgetattr(&pty)?;
        let plain = command(arguments);
        // No signal is ignored, whatever this process was started with.
        let program = Command::new("env").arg("--default-signal").args(options).arg(plain.get_program());
        let program = program.args(arguments);
        let program = program.env("TERM", "xterm-256color").env_remove("NO_COLOR").env_remove("POOLCOUNTERCTL_SERVER");
        let child = program.envs(environment.iter().copied()).spawn(pts)?;
        Ok(Self { pty, child, parser: vt100::Parser::new(rows, columns, 0), modes })
    }

    /// What is to be seen, line by line.
    pub(crate) fn text(&self) -> String {
        self.parser.screen().contents()
    }

    pub(crate) fn screen(&self) -> &vt100::Screen {
        self.parser.screen()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Reads what has come, and waits a moment for it. False at the end.
    fn read(&mut self) -> Result<bool> {
        let moment = Timespec::try_from(Duration::from_millis(20))?;
        if poll(&mut [PollFd::new(&self.pty, PollFlags::IN)], Some(&moment))? == 0 {
            return Ok(true);
        }
        let mut bytes = [0; 4096];
        // The other end of a terminal that nobody has open is an error, not an end.
        let Ok(length) = self.pty.read(&mut bytes) else { return Ok(false) };
        self.parser.process(&bytes[..length]);
        Ok(length > 0)
    }

    /// Takes in what has come, and waits a moment for it.
    pub(crate) fn look(&mut self) -> Result<()> {
        self.read().map(drop)
    }

    /// Waits until the screen is as it should be.
    pub(crate) fn expect(&mut self, what: &str, is_there: impl Fn(&vt100::Screen) -> bool) -> Result<()> {
        let deadline = Deadline::after(PATIENCE);
        while !is_there(self.parser.screen()) {
            let goes_on = self.read()?;
            ensure!(goes_on && deadline.left().is_some(), "{what} is not to be seen, but:\n{}", self.text());
        }
        Ok(())
    }

    /// Waits until these words are to be seen.
    pub(crate) fn expect_text(&mut self, words: &str) -> Result<()> {
        self.expect(&format!("{words:?}"), |screen| screen.contents().contains(words))
    }

    /// Types this.
    pub(crate) fn enter(&mut self, keys: &str) -> Result<()> {
        Ok(self.pty.write_all(keys.as_bytes())?)
    }

    pub(crate) fn resize(&mut self, (columns, rows): (u16, u16)) -> Result<()> {
        self.parser.screen_mut().set_size(rows, columns);
        Ok(self.pty.resize(Size::new(rows, columns))?)
    }

    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("a process id")?;
        Ok(kill_process(pid, signal)?)
    }

    /// Takes the terminal away, as a broken connection does, and waits for the program's end.
    pub(crate) fn hang_up(&mut self) -> Result<ExitStatus> {
        let (other, _) = open()?;
        drop(std::mem::replace(&mut self.pty, other));
        let ended = Deadline::after(PATIENCE).poll(|| self.child.try_wait().transpose());
        Ok(ended.context("it outlives its terminal")??)
    }

    /// Waits for the program's end, and sees to it that the terminal is as it was.
    pub(crate) fn ended(&mut self) -> Result<ExitStatus> {
        let deadline = Deadline::after(PATIENCE);
        let status = loop {
            self.read()?;
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            ensure!(deadline.left().is_some(), "it does not end:\n{}", self.text());
        };
        while poll(&mut [PollFd::new(&self.pty, PollFlags::IN)], Some(&Timespec::default()))? > 0 && self.read()? {}
        self.expect_given_back()?;
        Ok(status)
    }

    /// Whether the terminal is as it was.
    pub(crate) fn expect_given_back(&self) -> Result<()> {
        let screen = self.parser.screen();
        ensure!(!screen.alternate_screen() && !screen.hide_cursor(), "the screen is not given back:\n{}", self.text());
        let modes = tcgetattr(&self.pty)?;
        let of = |modes: &Termios| (modes.local_modes, modes.input_modes, modes.output_modes, modes.control_modes);
        ensure!(of(&modes) == of(&self.modes), "the modes are {modes:?}, and were {:?}", self.modes);
        Ok(())
    }

    /// Writes what is to be seen to a file in the build folder, for people.
    pub(crate) fn keep(&self, name: &str) -> Result<()> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screens");
        std::fs::create_dir_all(&folder)?;
        Ok(std::fs::write(folder.join(name), self.text())?)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It has ended, or a test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
