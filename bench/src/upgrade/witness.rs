//! One upgrade, measured by clients that work meanwhile.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use poolcounter_test_support::{Daemon, Installed};
use rustix::process::Signal;

use super::window::Window;
use crate::load::client::{Answer, PATIENCE};
use crate::load::cycle::Supervisor;

/// How long the clients work before the signal.
const LEAD: Duration = Duration::from_millis(50);

/// How often the daemon's process is checked. Each check takes time from the clients.
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// Upgrades the daemon while clients work, and records how long their commands take.
pub(crate) struct Witness<'a> {
    daemon: &'a Daemon,
    installed: &'a Installed,
    clients: usize,
    started: Instant,
    /// None: the daemon was not signalled yet.
    window: Option<Window>,
    looked: Instant,
    /// The clients that the new program has not answered yet. None: it does not run yet.
    silent: Option<BTreeSet<usize>>,
    /// How long those commands took that were under way at some moment of the upgrade.
    pub(crate) latencies: Vec<Duration>,
}

impl<'a> Witness<'a> {
    /// The witness of an upgrade to the file that is installed now.
    pub(crate) fn new(daemon: &'a Daemon, installed: &'a Installed, clients: usize) -> Witness<'a> {
        let started = Instant::now();
        let (window, silent, latencies) = (None, None, Vec::new());
        Witness { daemon, installed, clients, started, window, looked: started, silent, latencies }
    }

    fn signal(&mut self) -> Result<()> {
        self.window = Some(Window { from: Instant::now(), to: None });
        self.daemon.signal(Signal::USR1)
    }

    /// Whether the upgrade is over with this answer to a client.
    fn is_over(&mut self, number: usize, now: Instant) -> Result<bool> {
        if let Some(silent) = &mut self.silent {
            silent.remove(&number);
            return Ok(silent.is_empty());
        }
        if now >= self.looked + LOOK_EVERY {
            self.looked = now;
            let runs = self.installed.runs_in(self.daemon.pid()).context("the daemon has ended")?;
            self.silent = runs.then(|| (0..self.clients).collect());
        }
        Ok(false)
    }

    fn check_patience(&self, since: Instant, now: Instant) -> Result<()> {
        match &self.silent {
            _ if now < since + PATIENCE => Ok(()),
            None => bail!("the new program does not run after {PATIENCE:?}"),
            Some(silent) => bail!("{} clients were not answered by the new program within {PATIENCE:?}", silent.len()),
        }
    }
}

impl Supervisor for Witness<'_> {
    fn begin(&mut self) -> bool {
        self.window.is_none_or(|window| window.to.is_none())
    }

    fn answered(&mut self, number: usize, _answer: Answer, sent: Instant, now: Instant) -> Result<()> {
        let Some(mut window) = self.window else {
            return if now >= self.started + LEAD { self.signal() } else { Ok(()) };
        };
        if window.meets(sent, now) {
            self.latencies.push(now - sent);
        }
        if window.to.is_none() {
            self.check_patience(window.from, now)?;
            window.to = self.is_over(number, now)?.then_some(now);
            self.window = Some(window);
        }
        Ok(())
    }
}
