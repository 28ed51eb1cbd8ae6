//! One processor for a story, or for a side of a benchmark.
//!
//! The kernel hands loopback packets on in the order in which one processor sent them. With two, a byte sent earlier
//! may arrive after one sent later, and no question to the daemon can tell.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// While this lives its thread, and whatever that starts, runs on one processor.
#[derive(Debug)]
pub struct Pinned {
    before: CpuSet,
    of_this_thread: PhantomData<*const ()>,
}

impl Pinned {
    /// Pins the thread to the next processor in turn; a pinned thread stays where it is.
    pub fn new() -> Result<Self> {
        static TURN: AtomicUsize = AtomicUsize::new(0);
        let before = sched_getaffinity(None)?;
        let allowed = processors()?;
        if allowed.len() > 1 {
            let turn = TURN.fetch_add(1, Ordering::Relaxed) % allowed.len();
            pin(*allowed.get(turn).context("a processor")?)?;
        }
        Ok(Self { before, of_this_thread: PhantomData })
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        let _ = sched_setaffinity(None, &self.before);
    }
}

/// The processors that this thread may use.
pub fn processors() -> Result<Vec<usize>> {
    let allowed = sched_getaffinity(None).context("cannot ask for the allowed processors")?;
    Ok((0..CpuSet::MAX_CPU).filter(|&cpu| allowed.is_set(cpu)).collect())
}

/// Binds this thread, and whatever it starts from now on, to one processor.
pub fn pin(processor: usize) -> Result<()> {
    let mut one = CpuSet::new();
    one.set(processor);
    sched_setaffinity(None, &one).with_context(|| format!("cannot pin to processor {processor}"))
}
