//! A separate program file for a daemon, which can be replaced while the daemon runs.

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;

use crate::daemon::Daemon;
use crate::deadline::{Deadline, PATIENCE};
use crate::program::Program;
use crate::scratch::Scratch;

/// A daemon, installed in a folder of its own.
#[derive(Debug)]
pub struct Installed {
    scratch: Scratch,
    /// Two files with the same program, which are installed in turn.
    editions: [PathBuf; 2],
    exchanges: Cell<usize>,
}

impl Installed {
    /// Installs ours.
    pub fn new() -> Result<Self> {
        Self::of(Program::ours()?.path())
    }

    /// Installs this program.
    pub fn of(program: &Path) -> Result<Self> {
        let scratch = Scratch::new()?;
        let editions = [scratch.file("edition-0"), scratch.file("edition-1")];
        for edition in &editions {
            copy(program, edition, 0o755)?;
        }
        let installed = Self { scratch, editions, exchanges: Cell::new(0) };
        installed.exchange()?;
        Ok(installed)
    }

    /// Where the program is installed.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.scratch.file("poolcounterd")
    }

    /// The program that is installed, to be run.
    #[must_use]
    pub fn program(&self) -> Program {
        Program::alone(self.path())
    }

    /// Starts it with `-l` and an address, and then these arguments.
    pub fn daemon(&self, arguments: &[&str]) -> Result<Daemon> {
        Daemon::start(|address| {
            let mut command = self.program().command();
            command.arg("-l").arg(address.to_string()).args(arguments);
            Ok(command)
        })
    }

    /// Puts another file of the same program in its place, as a package manager does.
    pub fn exchange(&self) -> Result<()> {
        let number = self.exchanges.get();
        self.exchanges.set(number + 1);
        let edition = self.editions.get(number % 2).context("there are two")?;
        let fresh = self.scratch.file("fresh");
        fs::hard_link(edition, &fresh)?;
        Ok(fs::rename(fresh, self.path())?)
    }

    /// Puts another file in its place.
    pub fn put(&self, contents: &str, mode: u32) -> Result<()> {
        let [draft, fresh] = ["draft", "fresh"].map(|name| self.scratch.file(name));
        fs::write(&draft, contents)?;
        copy(&draft, &fresh, mode)?;
        Ok(fs::rename(fresh, self.path())?)
    }

    /// Puts a script of the shell in its place, which finds the real program in `$program`.
    pub fn put_script(&self, script: &str) -> Result<()> {
        let program = self.editions.first().context("there are two")?;
        self.put(&format!("#!/bin/sh\nprogram={}\n{script}\n", program.display()), 0o755)
    }

    /// Replaces the program, upgrades a daemon, and waits until it runs the new file.
    pub fn upgrade(&self, daemon: &Daemon) -> Result<()> {
        self.exchange()?;
        daemon.signal(Signal::USR1)?;
        self.wait_until_it_runs(daemon)
    }

    /// Waits until a daemon runs the file that is installed.
    pub fn wait_until_it_runs(&self, daemon: &Daemon) -> Result<()> {
        let running = || self.runs_in(daemon.pid()).is_ok_and(|runs| runs).then_some(());
        let came = Deadline::after(PATIENCE * 3).poll(running);
        came.with_context(|| format!("the daemon was not upgraded; it printed {:?}", daemon.stderr()))
    }

    /// Whether a process runs the file that is installed. An emulator of another processor is itself the program of the process, and has mapped this file.
    pub fn runs_in(&self, pid: u32) -> Result<bool> {
        let [runs, installed] = [PathBuf::from(format!("/proc/{pid}/exe")), self.path()].map(fs::metadata);
        let installed = installed?.ino();
        Ok(runs?.ino() == installed || has_mapped(pid, installed)?)
    }
}

/// Whether a process has mapped the file with this number. A line is: addresses, permissions, offset, device, number, path.
fn has_mapped(pid: u32, number: u64) -> Result<bool> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps"))?;
    Ok(maps.lines().any(|line| line.split_ascii_whitespace().nth(4).is_some_and(|field| field == number.to_string())))
}

/// Copies a file that is to be executed. Another process does that: one that this one starts at the same moment, in another thread, would still have a file that is
/// written here open, and what is open for writing cannot be executed.
fn copy(from: &Path, to: &Path, mode: u32) -> Result<()> {
    let mut install = Command::new("install");
    install.arg("-m").arg(format!("{mode:o}")).arg(from).arg(to);
    ensure!(install.status().context("cannot run install")?.success(), "{install:?} fails");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_changes_the_file_and_not_its_contents() {
        let installed = Installed::of(Path::new("/bin/true")).unwrap();
        let files: Vec<_> = (0..3)
            .map(|_| {
                installed.exchange().unwrap();
                fs::metadata(installed.path()).unwrap()
            })
            .collect();
        assert!(files[0].ino() == files[2].ino() && files[0].ino() != files[1].ino());
        assert_eq!(files[0].len(), fs::metadata("/bin/true").unwrap().len());
        assert!(!installed.runs_in(std::process::id()).unwrap());
    }
}
