//! Runs stories: against the table in virtual time, against our daemon, against the reference.

mod ours;
mod reference;
mod virtual_time;

use anyhow::{Context, Result, bail, ensure};

use crate::margin::margin;
use crate::transcript::{Event, Scene, Step, Story, merged};

/// How often a run is repeated if the machine was too slow for it.
const ATTEMPTS: usize = 5;

/// The side that is tested. It does a story step by step and records the answers in their order.
trait Player {
    /// Does a step and gives everything that the clients receive because of it.
    fn perform(&mut self, step: &Step) -> Result<Vec<Event>>;
}

/// Runs the story against core's table in virtual time: all answers must come in exactly the recorded order. The table's calls are recorded; played again they must give the same.
pub fn in_virtual_time(story: &Story) -> Result<()> {
    let mut player = virtual_time::VirtualTime::new();
    compare(story, &mut player)?;
    player.verify()
}

/// Runs the story against the reference: all answers must come in exactly the recorded order.
pub fn to_reference(story: &Story) -> Result<()> {
    in_time(|| {
        let mut player = reference::Reference::start()?;
        Ok((compare(story, &mut player), player.too_late(margin(story.steps()))))
    })
}

/// Runs the story against our daemon: in each step each client must receive what is recorded, except that times may differ.
pub fn to_ours(story: &Story) -> Result<()> {
    in_time(|| ours::play(story))
}

/// Runs the story against our daemon in the same way, and upgrades the daemon after each step.
pub fn to_upgraded(story: &Story) -> Result<()> {
    in_time(|| ours::play_to_many(story))
}

/// Runs the story against the reference, and gives it with the received answers.
pub fn record(story: &Story) -> Result<Story> {
    in_time(|| {
        let mut player = reference::Reference::start()?;
        let recorded = story.scenes.iter().map(|scene| record_scene(scene, &mut player)).collect::<Result<_>>();
        let late = player.too_late(margin(story.steps()));
        Ok((recorded.and_then(|scenes| if late { bail!("too late") } else { Ok(Story { scenes }) }), late))
    })
}

fn record_scene(scene: &Scene, player: &mut impl Player) -> Result<Scene> {
    let events = player.perform(&scene.step).with_context(|| place(scene))?;
    Ok(Scene { events: merged(events), ..scene.clone() })
}

fn compare(story: &Story, player: &mut impl Player) -> Result<()> {
    for scene in &story.scenes {
        let came = merged(player.perform(&scene.step).with_context(|| place(scene))?);
        let expected = merged(scene.events.iter().cloned());
        ensure!(came == expected, "{}\nexpected:\n{}came:\n{}", place(scene), listed(&expected), listed(&came));
    }
    Ok(())
}

fn place(scene: &Scene) -> String {
    format!("line {}: {}", scene.line, scene.step)
}

fn listed(events: &[Event]) -> String {
    if events.is_empty() { "(nothing)\n".to_owned() } else { events.iter().map(Event::to_string).collect() }
}

/// Repeats until a run passes, or fails without being late: a slow machine must not count as a difference.
fn in_time<T>(attempt: impl Fn() -> Result<(Result<T>, bool)>) -> Result<T> {
    for _ in 1..ATTEMPTS {
        let (outcome, late) = attempt()?;
        if outcome.is_ok() || !late {
            return outcome;
        }
    }
    attempt()?.0.context("the machine was too slow for the story, over and over")
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORY: &str = "a -> ACQ4ANY k 1 9 5\\n\na <- LOCKED\\n\nb -> ACQ4ANY k 1 9 5\\n\na -> RELEASE\\n\n";

    fn play(answers: &str) -> Result<()> {
        in_virtual_time(&Story::parse(&format!("{STORY}{answers}"))?)
    }

    #[test]
    fn other_answers_and_another_order_are_differences() {
        play("b <- DONE\\n\na <- RELEASED\\n").unwrap();
        play("b <- DO\nb <- NE\\n\na <- RELEASED\\n").unwrap();
        for answers in ["", "b <- DONE\\n", "a <- RELEASED\\n\nb <- DONE\\n", "b <- LOCKED\\n\na <- RELEASED\\n"] {
            assert!(play(answers).is_err(), "{answers}");
        }
    }
}
