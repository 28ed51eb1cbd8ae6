//! Locks that are held, by number.

use poolcounter::client::Lock;
use std::collections::HashMap;

/// A lock that is held. The client that gave the number never gives it again; 0 is no lock.
pub type pc_lock = u64;

/// The locks of one client.
#[derive(Debug, Default)]
pub(crate) struct Locks {
    last: pc_lock,
    held: HashMap<pc_lock, Lock>,
}

impl Locks {
    pub(crate) fn add(&mut self, lock: Lock) -> pc_lock {
        self.last += 1;
        self.held.insert(self.last, lock);
        self.last
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
