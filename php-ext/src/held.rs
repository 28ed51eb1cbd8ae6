//! Which object holds which lock.

use poolcounter::Process;
use poolcounter::client::Lock;
use std::rc::Rc;

/// An object, by a number that is never given again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner(u64);

/// The locks that are held through the connections of one configuration, the newest last.
pub(crate) struct Held {
    locks: Vec<(Owner, Rc<[u8]>, Lock)>,
    /// The process that acquired them.
    process: Process,
    last_owner: u64,
}

impl Held {
    pub(crate) fn new() -> Self {
        Self { locks: Vec::new(), process: Process::current(), last_owner: 0 }
    }

    pub(crate) fn new_owner(&mut self) -> Owner {
        self.last_owner += 1;
        Owner(self.last_owner)
    }

    pub(crate) fn add(&mut self, owner: Owner, key: Rc<[u8]>, lock: Lock) {
        self.locks.push((owner, key, lock));
    }

    /// Takes the newest lock of this object, or the newest one of this key.
    pub(crate) fn take(&mut self, owner: Owner, key: Option<&[u8]>) -> Option<Lock> {
        let fits = |(of, held, _): &(Owner, Rc<[u8]>, Lock)| *of == owner && key.is_none_or(|key| **held == *key);
        let place = self.locks.iter().rposition(fits)?;
        Some(self.locks.remove(place).2)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.locks.is_empty()
    }

    pub(crate) fn forget_all(&mut self) {
        self.locks.clear();
    }

    /// After a fork the locks are the parent's.
    pub(crate) fn leave_parents_locks(&mut self) {
        let process = Process::current();
        if self.process != process {
            self.locks.clear();
            self.process = process;
        }
    }
}
