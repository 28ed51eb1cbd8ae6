//! One side of a comparison, seen from the process that compares: a worker, asked for slices.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::namespace::Unshare;
use crate::partner::Partner;
use crate::plan::{Cell, Measures};

/// What every worker is started with.
pub(crate) struct Setting {
    pub(crate) unshare: Unshare,
    pub(crate) load_cpu: usize,
    pub(crate) daemon_cpu: usize,
}

/// A running worker with its daemon, which dies with it. Both are killed when this is dropped.
pub(crate) struct Side {
    worker: Partner,
}

impl Side {
    /// Starts `daemon` with the clients of `cell` connected.
    pub(crate) fn start(setting: &Setting, daemon: &Path, cell: Cell) -> Result<Side> {
        let mut command = setting.unshare.command(std::env::current_exe()?);
        command
            .args(["worker", "--mode", &cell.mode.to_string()])
            .args(["--connections", &cell.connections.to_string()])
            .args(["--daemon-cpu", &setting.daemon_cpu.to_string()])
            .args(["--load-cpu", &setting.load_cpu.to_string()])
            .arg("--daemon")
            .arg(daemon);
        Ok(Side { worker: Partner::start(&mut command).context("cannot start a worker")? })
    }

    /// Has one slice worked.
    pub(crate) fn slice(&mut self, length: Duration) -> Result<Measures> {
        Ok(serde_json::from_str(&self.worker.ask(&length.as_millis().to_string())?)?)
    }

    /// Has the worker hold all answers against the daemon's counters, and ends it.
    pub(crate) fn finish(self) -> Result<()> {
        self.worker.finish()
    }
}
