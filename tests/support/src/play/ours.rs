//! Runs a story against our daemon, and compares what its clients receive.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::{listed, place};
use crate::client::Client;
use crate::daemon::Daemon;
use crate::installed::Installed;
use crate::margin::margin;
use crate::stage::Stage;
use crate::stats::masked;
use crate::transcript::{Event, Name, Scene, Story};

/// How long an answer that was sent before the probe's may still take.
const ON_ITS_WAY: Duration = Duration::from_secs(5);

/// Runs the whole story. The second value says whether the run was too late to prove a difference.
pub(super) fn play(story: &Story) -> Result<(Result<()>, bool)> {
    let mut stage = Stage::new(|| Daemon::ours::<&str>(&[]))?;
    Ok((told(&mut stage, story, |_| Ok(())), stage.too_late(margin(story.steps()))))
}

/// The same, with an upgrade after each step.
pub(super) fn play_to_many(story: &Story) -> Result<(Result<()>, bool)> {
    let installed = Installed::new()?;
    let mut stage = Stage::new(|| installed.daemon(&[]))?;
    let outcome =
        told(&mut stage, story, |stage| if stage.is_frozen() { Ok(()) } else { installed.upgrade(stage.daemon()) });
    Ok((outcome, stage.too_late(margin(story.steps()))))
}

fn told(stage: &mut Stage, story: &Story, after_each: impl Fn(&mut Stage) -> Result<()>) -> Result<()> {
    for scene in &story.scenes {
        perform(stage, scene).and_then(|()| after_each(stage)).with_context(|| place(scene))?;
    }
    expect_nothing_more(stage)
}

fn perform(stage: &mut Stage, scene: &Scene) -> Result<()> {
    stage.perform(&scene.step)?;
    let frozen = stage.is_frozen();
    for (name, client) in stage.clients() {
        let end = client.has_shut_down() && !frozen;
        expect(name, client, &scene.events, end)?;
    }
    Ok(())
}

fn expect(name: &Name, client: &mut Client, events: &[Event], end: bool) -> Result<()> {
    let expected = masked(&bytes_for(name, events));
    client.wait(ON_ITS_WAY, |received, ended| masked(received) == expected && ended == end)?;
    let (came, ended) = (masked(&client.take()), client.ended());
    let mut seen = vec![Event::Bytes(name.clone(), came.clone())];
    seen.extend(ended.then(|| Event::End(name.clone())));
    ensure!(came == expected && ended == end, "expected:\n{}{name} received:\n{}", listed(events), listed(&seen));
    Ok(())
}

fn bytes_for(name: &Name, events: &[Event]) -> Vec<u8> {
    let bytes = events.iter().filter_map(|event| match event {
        Event::Bytes(client, bytes) if client == name => Some(bytes.as_slice()),
        _ => None,
    });
    bytes.flatten().copied().collect()
}

fn expect_nothing_more(stage: &mut Stage) -> Result<()> {
    stage.settle()?;
    for (name, client) in stage.clients() {
        client.read()?;
        ensure!(client.received().is_empty(), "{name} received more at the end: {:?}", client.received());
    }
    Ok(())
}
