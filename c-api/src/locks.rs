//! Locks that are held, by number.

use poolcounter::client::Lock;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// The number of a held lock. No client of the process gives a number twice; 0 is no lock.
pub type pc_lock = u64;

/// One count for all clients: a child that begins a client anew after a fork gives no number that the parent gave.
static LAST: AtomicU64 = AtomicU64::new(0);

/// The locks of one client.
#[derive(Debug, Default)]
pub(crate) struct Locks {
    held: HashMap<pc_lock, Lock>,
}

impl Locks {
    pub(crate) fn add(&mut self, lock: Lock) -> pc_lock {
        let number = LAST.fetch_add(1, Ordering::Relaxed) + 1;
        self.held.insert(number, lock);
        number
    }

    pub(crate) fn take(&mut self, number: pc_lock) -> Option<Lock> {
        self.held.remove(&number)
    }

    pub(crate) fn has(&self, number: pc_lock) -> bool {
        self.held.contains_key(&number)
    }

    pub(crate) fn clear(&mut self) {
        self.held.clear();
    }
}
