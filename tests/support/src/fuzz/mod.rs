//! Differential fuzzing: random stories, run against both daemons step by step.

mod duel;
mod generate;
mod line;
mod shrink;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Result, bail};

pub use generate::steps;

/// The steps of one story.
const STORY: usize = 100;
/// Waiting takes most of the time, so there are more threads than processors.
const THREADS: usize = 24;

/// Runs random stories of this number of steps altogether. The error is a shortened story and the difference.
pub fn run(seed: u64, steps: usize) -> Result<()> {
    let next = AtomicUsize::new(0);
    let work = || -> Result<()> {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let left = steps.saturating_sub(number.saturating_mul(STORY));
            if left == 0 {
                return Ok(());
            }
            let told = tell(seed.wrapping_add(number as u64), left.min(STORY));
            // One difference is enough: the other threads begin no new story.
            told.inspect_err(|_| next.store(usize::MAX / STORY, Ordering::Relaxed))?;
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        let outcomes = workers.into_iter().map(|worker| worker.join().unwrap_or_else(|_| bail!("a worker panicked")));
        outcomes.fold(Ok(()), Result::and)
    })
}

fn tell(seed: u64, steps: usize) -> Result<()> {
    let story = generate::steps(seed, steps);
    match duel::fight(&story)? {
        None => Ok(()),
        Some(difference) => bail!("SEED={seed} STEPS={steps}\n{}", shrink::report(&story, &difference)),
    }
}
