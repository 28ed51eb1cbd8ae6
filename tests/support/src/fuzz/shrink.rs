//! Shortens a story that shows a difference.

use std::thread;
use std::time::Duration;

use super::duel::{Difference, fight};
use crate::deadline::Deadline;
use crate::play;
use crate::transcript::{Step, Story};

/// The most time for shortening a story.
const TIME: Duration = Duration::from_secs(100);
/// How many shorter stories are tried at a time.
const TRIALS: usize = 16;

/// The shortest story found that shows a difference, with the reference's answers, and the difference.
pub(super) fn report(story: &[Step], difference: &Difference) -> String {
    let (story, what) = shrink(story, difference);
    let story = Story::of(story);
    let told = play::record(&story).unwrap_or(story);
    format!("\n{told}\n{what}")
}

fn shrink(story: &[Step], difference: &Difference) -> (Vec<Step>, String) {
    let deadline = Deadline::after(TIME);
    let mut story = story[..difference.steps].to_vec();
    let mut what = difference.what.clone();
    let mut without_waits = story.clone();
    without_waits.retain(|step| !matches!(step, Step::Wait(_)));
    if let Some((shorter, difference)) = first_that_differs(vec![without_waits]) {
        (story, what) = (shorter, difference);
    }
    let mut length = story.len() / 2;
    while length > 0 && deadline.left().is_some() {
        match without_some(&story, length, deadline) {
            Some(shorter) => (story, what) = shorter,
            None => length /= 2,
        }
        length = length.min(story.len());
    }
    (story, what)
}

/// All stories that lack `length` consecutive steps.
fn without_some(story: &[Step], length: usize, deadline: Deadline) -> Option<(Vec<Step>, String)> {
    let shorter = |from: usize| [&story[..from], &story[(from + length).min(story.len())..]].concat();
    let candidates: Vec<_> = (0..story.len()).step_by(length).map(shorter).collect();
    let batches = candidates.chunks(TRIALS).take_while(|_| deadline.left().is_some());
    batches.map(<[_]>::to_vec).find_map(first_that_differs)
}

/// The first of these stories that shows a difference, cut off after it.
fn first_that_differs(stories: Vec<Vec<Step>>) -> Option<(Vec<Step>, String)> {
    let trials: Vec<_> = stories.into_iter().map(|story| thread::spawn(move || differs(story))).collect();
    let outcomes: Vec<_> = trials.into_iter().map(thread::JoinHandle::join).collect();
    outcomes.into_iter().flatten().flatten().next()
}

fn differs(mut story: Vec<Step>) -> Option<(Vec<Step>, String)> {
    Story::of(story.clone()).check().ok()?;
    let difference = fight(&story).ok()??;
    story.truncate(difference.steps);
    Some((story, difference.what))
}
