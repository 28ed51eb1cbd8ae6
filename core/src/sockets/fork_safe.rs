use super::Process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, TryLockError};
use std::thread;

/// A value behind a mutex that bears a fork: if another thread of the parent was inside at that moment, nobody would ever open the child's copy of the mutex.
///
/// It is for what a client can do without: then it is given a fresh value, which is forgotten afterwards.
#[derive(Debug)]
pub(crate) struct ForkSafe<T> {
    value: Mutex<T>,
    /// The process whose thread was inside last.
    user: AtomicU64,
}

impl<T: Default> ForkSafe<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self { value: Mutex::new(value), user: AtomicU64::new(0) }
    }

    /// Does something with the value, which must be brief and never come back here.
    pub(crate) fn with<R>(&self, body: impl FnOnce(&mut T) -> R) -> R {
        loop {
            match self.value.try_lock() {
                Ok(mut value) => {
                    self.user.store(Process::current().as_u64(), Ordering::Relaxed);
                    return body(&mut value);
                }
                // A panic has left it halfway: begin anew.
                Err(TryLockError::Poisoned(poisoned)) => {
                    *PoisonError::into_inner(poisoned) = T::default();
                    self.value.clear_poison();
                }
                Err(TryLockError::WouldBlock) if self.is_abandoned() => return body(&mut T::default()),
                // It is open again in less than a microsecond.
                Err(TryLockError::WouldBlock) => thread::yield_now(),
            }
        }
    }

    fn is_abandoned(&self) -> bool {
        self.user.load(Ordering::Relaxed) != Process::current().as_u64()
    }
}

impl<T: Default> Default for ForkSafe<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}
