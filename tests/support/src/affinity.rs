//! One processor for a story.
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
        let allowed: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|&cpu| before.is_set(cpu)).collect();
        if allowed.len() > 1 {
            let turn = TURN.fetch_add(1, Ordering::Relaxed) % allowed.len();
            let mut one = CpuSet::new();
            one.set(*allowed.get(turn).context("a processor")?);
            sched_setaffinity(None, &one)?;
        }
        Ok(Self { before, of_this_thread: PhantomData })
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        let _ = sched_setaffinity(None, &self.before);
    }
}
