//! Pins a story, or one side of a benchmark, to one processor.
//!
//! The kernel keeps the order of loopback packets that one processor sends. With two processors, an earlier byte
//! may arrive after a later one, and a test cannot detect this.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// While this value exists, its thread and the children of the thread run on one processor.
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

/// Pins this thread, and the threads and processes that it starts from now on, to one processor.
pub fn pin(processor: usize) -> Result<()> {
    let mut one = CpuSet::new();
    one.set(processor);
    sched_setaffinity(None, &one).with_context(|| format!("cannot pin to processor {processor}"))
}
