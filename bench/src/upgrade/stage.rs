//! A scene is played: everyone connects, the daemon is upgraded again and again, and nobody has lost anything.

use std::io::{Write, stderr};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use poolcounter_test_support::Installed;

use super::figures::Figures;
use super::scene::Scene;
use super::witness::Witness;
use crate::daemon::{self, Daemon};
use crate::load::Scenario;
use crate::load::counters::Counters;
use crate::load::fleet::Fleet;
use crate::load::own::Own;
use crate::load::stampede::Stampede;
use crate::{cpu, namespace};

/// Clients that work.
const WORKERS: usize = 50;

/// Descriptors that a scene takes, here as in the daemon.
pub(crate) fn descriptors(scene: Scene) -> usize {
    scene.connections() + 200
}

/// Plays a scene in the network namespace that this process is in.
pub(crate) fn play(scene: Scene, upgrades: usize, program: &Path) -> Result<Figures> {
    daemon::die_with_parent()?;
    daemon::raise_descriptor_limit(descriptors(scene))?;
    namespace::prepare()?;
    let (load_cpu, daemon_cpu) = cpu::two_cores()?;
    let installed = Installed::of(program)?;
    let daemon = Daemon::start(&installed.path(), daemon_cpu)?;
    cpu::pin(load_cpu)?;
    let mut crowd = Stampede::new(Daemon::address(), scene.waiting)?;
    crowd.gather()?;
    let mut idle = Fleet::connect(Daemon::address(), scene.idle)?;
    let latencies = work(&daemon, &installed, upgrades)?;
    // This ends all waits, and so shows that everyone is connected still.
    crowd.release().context("a client that has waited")?;
    idle.greet().context("a client that was idle")?;
    Ok(Figures::of(&latencies))
}

/// Has clients work while the daemon is upgraded. Gives how long their commands took, upgrade by upgrade.
fn work(daemon: &Daemon, installed: &Installed, upgrades: usize) -> Result<Vec<Vec<Duration>>> {
    let before = Counters::ask(Daemon::address())?;
    let mut workers = Own::new(Daemon::address(), WORKERS)?;
    let mut latencies = Vec::new();
    for _ in 0..upgrades {
        installed.exchange()?;
        let mut witness = Witness::new(daemon, installed, WORKERS);
        workers.work(&mut witness)?;
        latencies.push(witness.latencies());
        eprint!(".");
        stderr().flush()?;
    }
    // As many wait as before, too.
    before.check(&Counters::ask(Daemon::address())?, workers.tally())?;
    Ok(latencies)
}
