//! A story's clients, connected to a daemon.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::affinity::Pinned;
use crate::client::Client;
use crate::daemon::Daemon;
use crate::schedule::Schedule;
use crate::transcript::{Name, Step};

/// A daemon and the clients of a story. Each step returns after all its answers have been sent.
#[derive(Debug)]
pub struct Stage {
    // Clients are dropped before their daemon.
    clients: BTreeMap<Name, Client>,
    probe: Client,
    daemon: Daemon,
    schedule: Schedule,
    frozen: bool,
    _pinned: Pinned,
}

impl Stage {
    /// A stage without clients, with the daemon that `start` starts.
    pub fn new(start: impl FnOnce() -> Result<Daemon>) -> Result<Self> {
        let pinned = Pinned::new()?;
        let daemon = start()?;
        let mut probe = Client::connect(daemon.address())?;
        probe.settle()?;
        Ok(Self { clients: BTreeMap::new(), probe, daemon, schedule: Schedule::new(), frozen: false, _pinned: pinned })
    }

    /// Does one step, and waits until the daemon has handled it.
    pub fn perform(&mut self, step: &Step) -> Result<()> {
        match step {
            Step::Connect(name) => self.connect(name)?,
            Step::Send(name, bytes) => self.send(name, bytes)?,
            Step::ShutDown(name) => self.client(name)?.shut_down_sending()?,
            Step::Close(name) => self.leave(name)?.close()?,
            Step::Reset(name) => self.leave(name)?.reset()?,
            Step::Wait(time) => self.schedule.wait(*time),
            Step::Clock(_) => {}
            Step::Freeze => {
                self.daemon.freeze()?;
                self.frozen = true;
            }
            Step::Thaw => {
                self.daemon.thaw()?;
                self.frozen = false;
            }
        }
        self.settle()
    }

    /// Waits until the daemon has handled everything that reached it, unless it is stopped.
    pub fn settle(&mut self) -> Result<()> {
        if !self.frozen {
            self.probe.settle().with_context(|| format!("the daemon said: {:?}", self.daemon.stderr()))?;
        }
        self.schedule.note();
        Ok(())
    }

    fn connect(&mut self, name: &Name) -> Result<()> {
        ensure!(!self.frozen, "no client can connect to a stopped daemon");
        let client = Client::connect(self.daemon.address())?;
        self.clients.insert(name.clone(), client);
        // Otherwise the daemon might read the connection's first bytes after the probe's commands.
        self.settle()
    }

    fn send(&mut self, name: &Name, bytes: &[u8]) -> Result<()> {
        if self.clients.get(name).is_none_or(Client::has_shut_down) {
            self.connect(name)?;
        }
        self.client(name)?.send(bytes)
    }

    fn client(&mut self, name: &Name) -> Result<&mut Client> {
        self.clients.get_mut(name).with_context(|| format!("{name} is not connected"))
    }

    fn leave(&mut self, name: &Name) -> Result<Client> {
        self.clients.remove(name).with_context(|| format!("{name} is not connected"))
    }

    /// The clients that have not left, by name.
    pub fn clients(&mut self) -> impl Iterator<Item = (&Name, &mut Client)> {
        self.clients.iter_mut()
    }

    /// The connection for commands that change no counter.
    pub fn probe(&mut self) -> &mut Client {
        &mut self.probe
    }

    /// Whether the daemon is stopped.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        self.frozen
    }

    /// The daemon.
    pub fn daemon(&mut self) -> &mut Daemon {
        &mut self.daemon
    }

    /// Whether the machine was too slow: then a difference in a story with this margin proves nothing.
    #[must_use]
    pub fn too_late(&self, margin: Duration) -> bool {
        self.schedule.latest() > margin
    }
}
