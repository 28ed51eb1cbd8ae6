//! Random stories whose outcome is certain.

use std::time::Duration;

use fastrand::Rng;

use super::line::{half, line};
use crate::transcript::{Name, SoFar, Step};

/// So many random steps. The same seed gives the same steps.
#[must_use]
pub fn steps(seed: u64, count: usize) -> Vec<Step> {
    let mut rng = Rng::with_seed(seed);
    let clients: Vec<Name> = ('a'..='l').take(rng.usize(4..=12)).map(String::from).collect();
    let mut so_far = SoFar::default();
    let mut steps = Vec::new();
    while steps.len() < count {
        let step = propose(&mut rng, &clients, &so_far);
        let mut next = so_far.clone();
        if next.take(&step).is_ok() {
            so_far = next;
            steps.push(step);
        }
    }
    steps
}

fn propose(rng: &mut Rng, clients: &[Name], so_far: &SoFar) -> Step {
    let client = clients[rng.usize(..clients.len())].clone();
    match rng.u8(..100) {
        _ if so_far.is_silent(&client) => leave(rng, client),
        0..7 => Step::Wait(Duration::from_millis(100 * rng.u64(3..25))),
        7..13 => leave(rng, client),
        13 => Step::Connect(client),
        14 | 15 => match half(rng) {
            bytes if bytes.is_empty() => Step::Connect(client),
            bytes => Step::Send(client, bytes),
        },
        _ => Step::Send(client, line(rng)),
    }
}

fn leave(rng: &mut Rng, client: Name) -> Step {
    match rng.u8(..4) {
        0 => Step::ShutDown(client),
        1 => Step::Reset(client),
        _ => Step::Close(client),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::Story;

    #[test]
    fn stories_are_certain_and_repeatable() {
        for seed in 0..200 {
            let story = steps(seed, 100);
            assert_eq!(story, steps(seed, 100));
            Story::of(story).check().unwrap();
        }
    }
}
