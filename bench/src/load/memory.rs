//! What 10,000 idle connections cost the daemon, and what it costs when they all wait on one key.

use std::time::Instant;

use anyhow::{Result, ensure};

use super::WAIT_SECONDS;
use super::client::{Answer, PATIENCE};
use super::counters;
use super::fleet::Fleet;
use crate::daemon::Daemon;
use crate::plan::{Measure, Measures};

/// Clients before the first look, so that code and tables are in memory.
const FIRST: usize = 50;

/// Measures both. An idle connection has been answered once.
pub(crate) fn measure(daemon: &Daemon, connections: usize) -> Result<Measures> {
    let _first = holder_and_waiters("first", FIRST)?;
    let mut probe = counters::connect(Daemon::address())?;
    let before = daemon.memory()?;
    let mut fleet = Fleet::connect(Daemon::address(), connections + 1)?;
    let idle = daemon.memory()?;
    wait_all(&mut fleet, "memory")?;
    let deadline = Instant::now() + PATIENCE;
    while counters::waiting(&mut probe)? != (FIRST + connections) as u64 {
        ensure!(Instant::now() < deadline, "not all clients came to wait");
    }
    let waiting = daemon.memory()?;
    Ok(Measures::from([
        (Measure::IdleBytes, each(before, idle, connections + 1)),
        (Measure::WaiterBytes, each(idle, waiting, connections)),
    ]))
}

fn holder_and_waiters(key: &str, waiters: usize) -> Result<Fleet> {
    let mut fleet = Fleet::connect(Daemon::address(), waiters + 1)?;
    wait_all(&mut fleet, key)?;
    Ok(fleet)
}

/// The first client holds the key, the others ask for it.
fn wait_all(fleet: &mut Fleet, key: &str) -> Result<()> {
    let clients = fleet.len();
    let acquire = format!("ACQ4ME {key} 1 {clients} {WAIT_SECONDS}\n").into_bytes();
    let Fleet { poller, crew } = fleet;
    crew.send(0, &acquire, Answer::Locked, Instant::now())?;
    let mut locked = false;
    while !locked {
        for number in poller.wait()? {
            locked |= crew.receive(number)?.is_some();
        }
    }
    for number in 1..clients {
        crew.send(number, &acquire, Answer::Locked, Instant::now())?;
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "byte counts stay far below 2^52")]
fn each(before: u64, after: u64, count: usize) -> f64 {
    (after as f64 - before as f64) / count as f64
}
