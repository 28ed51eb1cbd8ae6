//! Random stories whose outcome does not depend on chance.

use std::time::Duration;

use fastrand::Rng;

use super::line::{glance, half, line};
use crate::transcript::{Name, SoFar, Step};

/// This number of random steps. The same seed gives the same steps.
#[must_use]
pub fn steps(seed: u64, count: usize) -> Vec<Step> {
    let mut rng = Rng::with_seed(seed);
    let clients: Vec<Name> = ('a'..='l').take(rng.usize(4..=12)).map(String::from).collect();
    let mut so_far = SoFar::default();
    let mut steps = Vec::new();
    while steps.len() < count {
        let left = count - steps.len();
        let proposed = match rng.u8(..100) {
            0..8 if left > BURST => burst(&mut rng, &clients, &so_far),
            _ => vec![propose(&mut rng, &clients, &so_far)],
        };
        for step in proposed {
            let mut next = so_far.clone();
            if next.take(&step).is_ok() {
                so_far = next;
                steps.push(step);
            }
        }
    }
    steps
}

/// The most steps of a burst.
const BURST: usize = 16;

/// Steps that the daemon reads in one wake-up: usually a client that wakes others, then observers on their own connections, which ask for keys and
/// statistics in the middle of this, and clients that are about to be woken.
fn burst(rng: &mut Rng, clients: &[Name], so_far: &SoFar) -> Vec<Step> {
    let observers = ["x", "y", "z"].map(Name::from);
    let mut steps: Vec<_> =
        observers.iter().filter(|&name| !so_far.is_connected(name)).cloned().map(Step::Connect).collect();
    steps.push(Step::Freeze);
    let mut actors: Vec<_> = clients.iter().filter(|&name| so_far.is_connected(name)).cloned().collect();
    rng.shuffle(&mut actors);
    actors.truncate(rng.usize(1..=7));
    for (place, actor) in actors.into_iter().enumerate() {
        steps.push(match rng.u8(..10) {
            0 | 1 => leave(rng, actor),
            2..7 if place == 0 => Step::Send(actor, b"RELEASE\n".to_vec()),
            _ => Step::Send(actor, line(rng)),
        });
        if let Some(observer) = observers.get(place) {
            steps.push(Step::Send(observer.clone(), glance(rng)));
        }
    }
    steps.push(Step::Thaw);
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
