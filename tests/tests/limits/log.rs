//! A log without a reader.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Client, Daemon, Deadline, Installed, PATIENCE, Program, Scratch, run_to_end};
use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};
use rustix::process::Signal;

use crate::bystander::Bystander;

/// A pipe with a name, which takes few bytes, and our end of it.
struct Pipe {
    scratch: Scratch,
    end: fs::File,
}

impl Pipe {
    fn new() -> Result<Self> {
        let scratch = Scratch::new()?;
        mknodat(CWD, scratch.file("pipe"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
        // Opened in both directions, so that open() does not wait for the other side.
        let flags = i32::try_from(OFlags::NONBLOCK.bits())?;
        let end = OpenOptions::new().read(true).write(true).custom_flags(flags).open(scratch.file("pipe"))?;
        rustix::pipe::fcntl_setpipe_size(&end, 4096)?;
        Ok(Self { scratch, end })
    }

    /// A daemon that logs into the pipe.
    fn daemon(&self, program: &Program, arguments: &[&str]) -> Result<Daemon> {
        Daemon::start(|address| {
            let mut command = program.after(&format!("exec 2>{}", self.scratch.file("pipe").display()));
            command.arg("-l").arg(address.to_string()).args(arguments);
            Ok(command)
        })
    }

    /// Reads until the text read so far satisfies a condition.
    fn read_until(&mut self, said: &mut String, enough: impl Fn(&str) -> bool) -> Result<()> {
        let mut bytes = [0; 4096];
        let came = Deadline::after(PATIENCE).poll(|| {
            while let Ok(length) = self.end.read(&mut bytes) {
                said.push_str(&String::from_utf8_lossy(&bytes[..length]));
            }
            enough(said).then_some(())
        });
        came.with_context(|| format!("it said {} bytes, {:?} at last", said.len(), said.lines().last()))
    }
}

/// Clients that end their connections with a reset: at the level `debug` the daemon logs a line for each.
fn resets(daemon: &Daemon, number: usize) -> Result<()> {
    for _ in 0..number {
        let mut client = Client::connect(daemon.address())?;
        client.settle()?;
        client.reset()?;
    }
    daemon.settle()
}

/// How many lines have these words, and how many were left out, by the sum of all notes about it.
fn counted(said: &str, words: &str) -> (usize, usize) {
    let left_out = said.lines().filter_map(|line| {
        let (count, _) = line.split_once(" lines were left out here").or_else(|| line.split_once(" line was left"))?;
        count.rsplit(' ').next()?.parse::<usize>().ok()
    });
    (said.lines().filter(|line| line.contains(words)).count(), left_out.sum())
}

/// The flags of the daemon's standard error: whether it blocks, and the others.
fn flags(daemon: &Daemon) -> Result<OFlags> {
    let information = fs::read_to_string(format!("/proc/{}/fdinfo/2", daemon.pid()))?;
    let flags = information.lines().find_map(|line| line.strip_prefix("flags:")).context("flags")?;
    Ok(OFlags::from_bits_retain(u32::from_str_radix(flags.trim(), 8)?))
}

const BROKE: &str = "a connection broke, ";

/// More lines than the pipe and the queue can hold: the daemon serves clients meanwhile, and later logs how many lines were left out.
#[test]
fn a_full_pipe_stops_nobody() -> Result<()> {
    const RESETS: usize = 1_300;
    let (installed, mut pipe) = (Installed::new()?, Pipe::new()?);
    let mut daemon = pipe.daemon(&installed.program(), &["--log-level", "debug"])?;
    let mut bystander = Bystander::new(&daemon)?;
    resets(&daemon, RESETS)?;
    bystander.check()?;
    ensure!(!flags(&daemon)?.contains(OFlags::NONBLOCK), "its standard error does not wait, nor does anybody else's");
    let mut said = String::new();
    pipe.read_until(&mut said, |said| said.contains("left out here"))?;
    let (lines, left_out) = counted(&said, BROKE);
    ensure!(left_out > 0 && lines > 1_024, "{lines} lines and {left_out} left out");
    assert_eq!(lines + left_out, RESETS);
    // The old program continues.
    resets(&daemon, 1)?;
    pipe.read_until(&mut said, |said| counted(said, BROKE).0 == lines + 1)?;

    // The new program logs how many lines the old one could not write.
    resets(&daemon, 200)?;
    let before = said.len();
    installed.upgrade(&daemon)?;
    resets(&daemon, 1)?;
    bystander.check()?;
    pipe.read_until(&mut said, |said| {
        let (lines, left_out) = counted(&said[before..], BROKE);
        lines + left_out >= 201 && left_out > 0 && said[before..].contains("took over")
    })?;
    let (lines, left_out) = counted(&said[before..], BROKE);
    assert_eq!(lines + left_out, 201);

    // The daemon does not wait for the log at its end, either.
    resets(&daemon, 200)?;
    daemon.signal(Signal::TERM)?;
    assert_eq!(daemon.wait()?.code(), Some(0));
    Ok(())
}

/// All logged lines are written before the daemon ends.
#[test]
fn the_last_line_is_written() -> Result<()> {
    let (installed, mut pipe) = (Installed::new()?, Pipe::new()?);
    for _ in 0..20 {
        let mut daemon = pipe.daemon(&installed.program(), &["--log-level", "info"])?;
        daemon.signal(Signal::TERM)?;
        daemon.wait()?;
        let mut said = String::new();
        pipe.read_until(&mut said, |said| said.contains("stopped by SIGTERM"))?;
    }
    Ok(())
}

/// A daemon that logs nothing has no second thread.
#[test]
fn no_thread_without_a_line() -> Result<()> {
    let daemon = Daemon::ours(&["--max-clients", "2"])?;
    let threads = || fs::read_dir(format!("/proc/{}/task", daemon.pid())).map(Iterator::count);
    let mut client = Client::connect(daemon.address())?;
    client.settle()?;
    assert_eq!(threads()?, 1);
    let _second = Client::connect(daemon.address())?;
    let one_too_many = || Client::connect(daemon.address()).ok()?.expect_end().ok();
    Deadline::after(PATIENCE).poll(one_too_many).context("everybody is let in")?;
    client.settle()?;
    assert_eq!(threads()?, 2);
    Ok(())
}

/// Another process that shares standard error has made it non-blocking: no line is lost because of that.
#[test]
fn a_pipe_that_does_not_wait() -> Result<()> {
    const RESETS: usize = 100;
    let mut pipe = Pipe::new()?;
    let end = pipe.end.try_clone()?;
    let daemon = Daemon::start(|address| {
        let script = "exec 2>&0 </dev/null";
        let mut command = Program::ours()?.after(script);
        command.stdin(OwnedFd::from(end.try_clone()?));
        command.arg("-l").arg(address.to_string()).args(["--log-level", "debug"]);
        Ok(command)
    })?;
    ensure!(flags(&daemon)?.contains(OFlags::NONBLOCK), "its standard error waits");
    resets(&daemon, RESETS)?;
    let mut said = String::new();
    pipe.read_until(&mut said, |said| said.matches(BROKE).count() == RESETS)?;
    assert_eq!(counted(&said, BROKE), (RESETS, 0));
    Ok(())
}

/// Standard error is closed, as with some supervisors.
#[test]
fn no_standard_error_at_all() -> Result<()> {
    let daemon = Daemon::start(|address| {
        let mut command = Program::ours()?.after("exec 2>&-");
        command.arg("-l").arg(address.to_string()).args(["--log-level", "debug"]);
        Ok(command)
    })?;
    let mut bystander = Bystander::new(&daemon)?;
    resets(&daemon, 20)?;
    bystander.check()
}

/// A failing start ends even if standard error is a full pipe.
#[test]
fn a_failure_that_cannot_be_told() -> Result<()> {
    let mut pipe = Pipe::new()?;
    pipe.end.write_all(&[b'x'; 4096])?;
    let daemon = Daemon::ours::<&str>(&[])?;
    let address = daemon.address().ip().to_string();
    for arguments in [["-l", &address], ["-l", "bad"]] {
        let mut command = Program::ours()?.after(&format!("exec 2>{}", pipe.scratch.file("pipe").display()));
        let output = run_to_end(command.args(arguments), Deadline::after(PATIENCE))?;
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    }
    Ok(())
}
