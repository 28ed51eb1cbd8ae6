//! Assigns cores to daemon and load.

use std::fs;

use anyhow::{Result, bail};
use poolcounter_test_support::processors;

/// The cores for the load and for the daemon: the first two that this process may use.
pub(crate) fn two_cores() -> Result<(usize, usize)> {
    match processors()?[..] {
        [load, daemon, ..] => Ok((load, daemon)),
        _ => bail!("two cores are needed: one for the daemon, one for the load"),
    }
}

/// Warns if other programs use the machine: they disturb latencies first, then all other figures.
pub(crate) fn warn_if_busy() {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Option<f64> = text.split(' ').next().and_then(|load| load.parse().ok());
    if let Some(load) = load.filter(|load| *load > 0.5) {
        eprintln!("the machine is busy (load average {load}): expect noise");
    }
}
