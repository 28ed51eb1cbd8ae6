use super::Process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, TryLockError};
use std::thread;

/// How often a mutex is tried that somebody else has. It is open again in less than a microsecond, unless a signal's handler has interrupted the one who has it.
const TRIES: u32 = 10_000;

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
        for _ in 0..TRIES {
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
                Err(TryLockError::WouldBlock) if self.is_abandoned() => break,
                Err(TryLockError::WouldBlock) => thread::yield_now(),
            }
        }
        body(&mut T::default())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_back_from_inside_gets_a_fresh_value() {
        let counter = ForkSafe::new(0);
        counter.with(|value| *value += 1);
        let inner = counter.with(|_| counter.with(|value| *value));
        assert_eq!((inner, counter.with(|value| *value)), (0, 1));
    }

    #[test]
    fn what_another_process_has_locked_is_given_up_at_once() {
        let counter = ForkSafe::new(7);
        let guard = counter.value.lock();
        counter.user.store(Process::current().as_u64() + 1, Ordering::Relaxed);
        assert_eq!(counter.with(|value| *value), 0);
        drop(guard);
        assert_eq!(counter.with(|value| *value), 7);
    }
}
