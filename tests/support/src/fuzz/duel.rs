//! One story, run against both daemons step by step.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::client::Client;
use crate::daemon::Daemon;
use crate::deadline::{Deadline, PATIENCE};
use crate::margin::margin;
use crate::stage::Stage;
use crate::stats::masked;
use crate::transcript::{Event, Name, Step};

/// How much later an answer may arrive at one client than at another before it counts as missing.
const MOMENT: Duration = Duration::from_millis(500);
const ATTEMPTS: usize = 4;

/// Where the daemons differ.
#[derive(Debug)]
pub(super) struct Difference {
    /// The number of steps done; all of them, if only the statistics at the end differ.
    pub(super) steps: usize,
    /// The answers of each daemon.
    pub(super) what: String,
}

/// Runs the story against new daemons. If the machine was too slow, a difference counts only if it occurs again.
pub(super) fn fight(story: &[Step]) -> Result<Option<Difference>> {
    let margin = margin(story);
    let mut last = None;
    for _ in 0..ATTEMPTS {
        let mut duel = Duel { ours: Stage::new(|| Daemon::ours::<&str>(&[]))?, theirs: Stage::new(Daemon::reference)? };
        last = duel.fight(story);
        if last.is_none() || !(duel.ours.too_late(margin) || duel.theirs.too_late(margin)) {
            break;
        }
    }
    Ok(last)
}

struct Duel {
    ours: Stage,
    theirs: Stage,
}

impl Duel {
    fn fight(&mut self, story: &[Step]) -> Option<Difference> {
        for (step, steps) in story.iter().zip(1..) {
            if let Err(what) = self.perform(step) {
                return Some(Difference { steps, what: format!("{what:#}") });
            }
        }
        let what = self.statistics().err()?;
        Some(Difference { steps: story.len(), what: format!("{what:#}") })
    }

    fn perform(&mut self, step: &Step) -> Result<()> {
        self.theirs.perform(step).context("the reference")?;
        self.ours.perform(step).context("our daemon")?;
        // Bytes may arrive after the answers to the probe, so the test checks again.
        let deadline = Deadline::after(MOMENT);
        let alike = deadline.poll(|| self.seen().map(|[ours, theirs]| (ours == theirs).then_some(())).transpose());
        if let Some(seen) = alike {
            return seen;
        }
        let [ours, theirs] = self.seen()?;
        let differing = theirs.into_iter().zip(ours).filter(|(theirs, ours)| theirs != ours);
        let texts = differing.map(|(theirs, ours)| {
            format!("# The reference, since the client connected:\n{theirs}# Our daemon:\n{ours}")
        });
        bail!("{}", texts.collect::<String>())
    }

    fn seen(&mut self) -> Result<[Vec<String>; 2]> {
        Ok([seen(&mut self.ours)?, seen(&mut self.theirs)?])
    }

    fn statistics(&mut self) -> Result<()> {
        let [ours, theirs] = [statistics(self.ours.probe())?, statistics(self.theirs.probe())?];
        ensure!(ours == theirs, "# STATS FULL of the reference:\n{theirs}# Our daemon:\n{ours}");
        Ok(())
    }
}

/// What each client has received since it connected.
fn seen(stage: &mut Stage) -> Result<Vec<String>> {
    stage.clients().map(|(name, client)| seen_by(name, client)).collect()
}

fn seen_by(name: &Name, client: &mut Client) -> Result<String> {
    client.read()?;
    let bytes = Event::Bytes(name.clone(), masked(client.received()));
    let end = client.ended().then(|| Event::End(name.clone()).to_string());
    let seen = format!("{bytes}{}", end.unwrap_or_default());
    Ok(if seen.is_empty() { format!("({name}: nothing)\n") } else { seen })
}

fn statistics(probe: &mut Client) -> Result<String> {
    probe.send(b"STATS FULL\n")?;
    probe.wait(PATIENCE, |received, ended| ended || received.ends_with(b"\n\n"))?;
    Ok(String::from_utf8_lossy(&masked(&probe.take())).into_owned())
}
