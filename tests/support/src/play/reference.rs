//! Runs a story against the reference, and records the order of its answers.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::Player;
use crate::daemon::Daemon;
use crate::deadline::PATIENCE;
use crate::stage::Stage;
use crate::transcript::{Event, Name, Step};

/// An observed reference daemon.
pub(super) struct Reference {
    stage: Stage,
    /// The connections whose end was already reported, by port.
    ended: BTreeSet<u16>,
}

impl Reference {
    pub(super) fn start() -> Result<Self> {
        let mut stage = Stage::new(Daemon::observed_reference)?;
        sent(&mut stage)?;
        Ok(Self { stage, ended: BTreeSet::new() })
    }

    pub(super) fn too_late(&self, margin: Duration) -> bool {
        self.stage.too_late(margin)
    }

    /// The answers in the log. The clients must have received the same bytes.
    fn bytes(&mut self) -> Result<Vec<Event>> {
        let sent = sent(&mut self.stage)?;
        let mut events = Vec::new();
        for (port, bytes) in sent {
            let Some((name, client)) = self.stage.clients().find(|(_, client)| client.port() == port) else { continue };
            client.expect(&bytes).with_context(|| format!("{name} does not receive what was sent"))?;
            events.push(Event::Bytes(name.clone(), bytes));
        }
        Ok(events)
    }

    fn ends(&mut self) -> Result<Vec<Event>> {
        let mut events = Vec::new();
        for (name, client) in self.stage.clients() {
            let patience = if client.has_shut_down() { PATIENCE } else { Duration::ZERO };
            client.wait(patience, |_, ended| ended)?;
            ensure!(client.received().is_empty(), "{name} received what was not sent: {:?}", client.received());
            if client.ended() && self.ended.insert(client.port()) {
                events.push(Event::End(Name::clone(name)));
            }
        }
        Ok(events)
    }
}

impl Player for Reference {
    fn perform(&mut self, step: &Step) -> Result<Vec<Event>> {
        // The clock is set first, so that a timer that fires meanwhile adds a fixed time to the statistics.
        if let (Step::Wait(time) | Step::Clock(time), Some(observer)) = (step, self.stage.daemon().observer()) {
            observer.advance(*time)?;
        }
        self.stage.perform(step)?;
        if self.stage.is_frozen() {
            return Ok(Vec::new());
        }
        let mut events = self.bytes()?;
        events.extend(self.ends()?);
        Ok(events)
    }
}

fn sent(stage: &mut Stage) -> Result<Vec<(u16, Vec<u8>)>> {
    stage.daemon().observer().context("the daemon is observed")?.sent()
}
