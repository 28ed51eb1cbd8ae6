//! Observes the reference: records the order in which it sends answers, and controls the clock of its statistics.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};

use crate::scratch::{Scratch, target, workspace};

/// The statistics' clock of an observed daemon, and of a table in virtual time, when a story begins.
pub(crate) const START: Duration = Duration::from_secs(1_000_000_000);

/// The files that control the preloaded `tests/reference/observe.c` and have its records.
#[derive(Debug)]
pub(crate) struct Observer {
    clock: File,
    now: Duration,
    log: File,
    unread: Vec<u8>,
}

impl Observer {
    /// Makes the files and configures `command` to use them.
    pub(crate) fn attach(command: &mut Command, scratch: &Scratch) -> Result<Self> {
        let [clock_path, log_path] = [scratch.file("clock"), scratch.file("sent")];
        let clock = File::create_new(&clock_path)?;
        File::create_new(&log_path)?;
        command.env("LD_PRELOAD", shim()?);
        command.env("OBSERVE_CLOCK", &clock_path).env("OBSERVE_LOG", &log_path);
        let observer = Self { clock, now: START, log: File::open(&log_path)?, unread: Vec::new() };
        observer.write_clock()?;
        Ok(observer)
    }

    /// Moves the statistics' clock on.
    pub(crate) fn advance(&mut self, by: Duration) -> Result<()> {
        self.now += by;
        self.write_clock()
    }

    /// Sets the statistics' clock back.
    pub(crate) fn set_back(&mut self, by: Duration) -> Result<()> {
        self.now = self.now.checked_sub(by).context("no time before 1970")?;
        self.write_clock()
    }

    fn write_clock(&self) -> Result<()> {
        let micros = i64::try_from(self.now.as_micros())?;
        Ok(self.clock.write_all_at(&micros.to_ne_bytes(), 0)?)
    }

    /// The answers since the last call: the receiver's port and the bytes, in the order of sending.
    pub(crate) fn sent(&mut self) -> Result<Vec<(u16, Vec<u8>)>> {
        self.log.read_to_end(&mut self.unread)?;
        let mut records = Vec::new();
        while let Some((port, bytes, rest)) = record(&self.unread) {
            let port = u16::try_from(port).context("the log is out of step")?;
            records.push((port, bytes.to_vec()));
            self.unread = rest.to_vec();
        }
        Ok(records)
    }
}

fn record(log: &[u8]) -> Option<(u32, &[u8], &[u8])> {
    let (port, log) = log.split_first_chunk()?;
    let (length, log) = log.split_first_chunk()?;
    let length = usize::try_from(u32::from_ne_bytes(*length)).ok()?;
    let (bytes, rest) = log.split_at_checked(length)?;
    Some((u32::from_ne_bytes(*port), bytes, rest))
}

/// Compiles `tests/reference/observe.c`, once for each process.
fn shim() -> Result<&'static Path> {
    static SHIM: OnceLock<std::result::Result<PathBuf, String>> = OnceLock::new();
    let shim = SHIM.get_or_init(|| compile().map_err(|error| format!("{error:#}")));
    shim.as_deref().map_err(|error| anyhow!(error.clone()))
}

fn compile() -> Result<PathBuf> {
    let folder = target()?.join("tmp");
    fs::create_dir_all(&folder)?;
    let library = folder.join("observe.so");
    // Another process may be using the library, so the file is replaced and not overwritten.
    let fresh = folder.join(format!("observe-{}.so", process::id()));
    let status = Command::new("cc")
        .args(["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-o"])
        .arg(&fresh)
        .arg(workspace().join("tests/reference/observe.c"))
        .status()
        .context("cannot run cc")?;
    ensure!(status.success(), "tests/reference/observe.c does not compile");
    fs::rename(&fresh, &library)?;
    Ok(library)
}
