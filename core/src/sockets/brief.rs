use std::sync::{Mutex, PoisonError, TryLockError};
use std::thread;

/// How often a locked mutex is tried. Its holder needs less than a microsecond, unless a signal handler has interrupted it.
const TRIES: u32 = 10_000;

/// A value behind a mutex that never blocks for long. If the mutex stays locked, the caller gets a new value, which is dropped afterwards; so it is for values that a client can do without.
#[derive(Debug, Default)]
pub(crate) struct Brief<T>(Mutex<T>);

impl<T: Default> Brief<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    /// Runs `body` with the value. It must be quick, and must not use the same value again.
    pub(crate) fn with<R>(&self, body: impl FnOnce(&mut T) -> R) -> R {
        for _ in 0..TRIES {
            match self.0.try_lock() {
                Ok(mut value) => return body(&mut value),
                // After a panic it may be half changed: begin with a new one.
                Err(TryLockError::Poisoned(poisoned)) => {
                    *PoisonError::into_inner(poisoned) = T::default();
                    self.0.clear_poison();
                }
                Err(TryLockError::WouldBlock) => thread::yield_now(),
            }
        }
        body(&mut T::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nested_use_gets_a_new_value() {
        let counter = Brief::new(0);
        counter.with(|value| *value += 1);
        let inner = counter.with(|_| counter.with(|value| *value));
        assert_eq!((inner, counter.with(|value| *value)), (0, 1));
    }
}
