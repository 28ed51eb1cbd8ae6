//! Runs a scene: all clients connect, the daemon is upgraded several times, and no lock or answer may be lost.

use std::io::{Write, stderr};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use poolcounter_test_support::{Daemon, Installed, allow_descriptors, pin};

use super::figures::Figures;
use super::scene::Scene;
use super::witness::Witness;
use crate::load::Scenario;
use crate::load::counters;
use crate::load::cycle::Cycle;
use crate::load::fleet::Fleet;
use crate::load::stampede::Stampede;
use crate::{cpu, daemon};

/// Clients that work.
const WORKERS: usize = 50;

/// Descriptors that a scene takes, here as in the daemon.
pub(crate) fn descriptors(scene: Scene) -> u64 {
    scene.connections() as u64 + 200
}

/// Runs a scene in the network namespace of this process, and prints its figures as JSON.
pub(crate) fn play(scene: Scene, upgrades: usize, program: &Path) -> Result<()> {
    allow_descriptors(descriptors(scene))?;
    let (load_cpu, daemon_cpu) = cpu::two_cores()?;
    let installed = Installed::of(program)?;
    let daemon = daemon::start(&installed.path(), daemon_cpu, &["-l", "127.0.0.1"])?;
    pin(load_cpu)?;
    let mut crowd = Stampede::new(daemon::ADDRESS, scene.waiting, false)?;
    crowd.gather()?;
    let mut idle = Fleet::connect(daemon::ADDRESS, scene.idle)?;
    let latencies = work(&daemon, &installed, upgrades)?;
    // This ends all waits, and so shows that all clients are still connected.
    crowd.release().context("a client that has waited")?;
    idle.greet().context("a client that was idle")?;
    println!("{}", serde_json::to_string(&Figures::of(&latencies))?);
    Ok(())
}

/// Has clients work while the daemon is upgraded. Gives how long their commands took, upgrade by upgrade.
fn work(daemon: &Daemon, installed: &Installed, upgrades: usize) -> Result<Vec<Vec<Duration>>> {
    let before = counters::ask(daemon::ADDRESS)?;
    let mut workers = Cycle::own(daemon::ADDRESS, WORKERS)?;
    let mut latencies = Vec::new();
    for _ in 0..upgrades {
        installed.exchange()?;
        let mut witness = Witness::new(daemon, installed, WORKERS);
        workers.work(&mut witness)?;
        latencies.push(witness.latencies);
        eprint!(".");
        stderr().flush()?;
    }
    // The number of waiters must be the same as before.
    counters::check(&before, &counters::ask(daemon::ADDRESS)?, workers.tally())?;
    Ok(latencies)
}
