//! The memory of 10,000 idle connections, and of 10,000 waiters on one key.

use anyhow::Result;
use poolcounter_test_support::{Client, Daemon, kernel};

use super::WAIT_SECONDS;
use super::client::Answer;
use super::counters;
use super::fleet::Fleet;
use crate::plan::{Measure, Measures};

/// Clients before the first measurement, so that code and tables are in memory.
const FIRST: usize = 50;

/// Measures both. An idle connection has been answered once.
pub(crate) fn measure(daemon: &Daemon, connections: usize) -> Result<Measures> {
    let mut first = Fleet::connect(daemon.address(), FIRST + 1)?;
    wait_all(&mut first, "first")?;
    let mut probe = Client::connect(daemon.address())?;
    let before = kernel::private_memory(daemon.pid())?;
    let mut fleet = Fleet::connect(daemon.address(), connections + 1)?;
    let idle = kernel::private_memory(daemon.pid())?;
    wait_all(&mut fleet, "memory")?;
    counters::await_waiting(&mut probe, FIRST + connections)?;
    let waiting = kernel::private_memory(daemon.pid())?;
    Ok(Measures::from([
        (Measure::IdleBytes, each(before, idle, connections + 1)),
        (Measure::WaiterBytes, each(idle, waiting, connections)),
    ]))
}

/// The first client holds the key, the others ask for it.
fn wait_all(fleet: &mut Fleet, key: &str) -> Result<()> {
    let clients = fleet.len();
    let acquire = format!("ACQ4ME {key} 1 {clients} {WAIT_SECONDS}\n");
    fleet.queue(acquire.as_bytes(), clients - 1, Answer::Locked)
}

#[expect(clippy::cast_precision_loss, reason = "byte counts stay far below 2^52")]
fn each(before: u64, after: u64, count: usize) -> f64 {
    (after as f64 - before as f64) / count as f64
}
