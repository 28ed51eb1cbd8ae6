use std::sync::{Mutex, PoisonError, TryLockError};
use std::thread;

/// How often a mutex is tried that somebody else has. It is open again in less than a microsecond, unless a signal's handler has interrupted the one who has it.
const TRIES: u32 = 10_000;

/// A value behind a mutex, for brief use. It is for what a client can do without: who does not get it is given a fresh value, which is forgotten afterwards.
#[derive(Debug, Default)]
pub(crate) struct Brief<T>(Mutex<T>);

impl<T: Default> Brief<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    /// Does something with the value, which must be brief and never come back here.
    pub(crate) fn with<R>(&self, body: impl FnOnce(&mut T) -> R) -> R {
        for _ in 0..TRIES {
            match self.0.try_lock() {
                Ok(mut value) => return body(&mut value),
                // A panic has left it halfway: begin anew.
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
    fn who_comes_back_from_inside_gets_a_fresh_value() {
        let counter = Brief::new(0);
        counter.with(|value| *value += 1);
        let inner = counter.with(|_| counter.with(|value| *value));
        assert_eq!((inner, counter.with(|value| *value)), (0, 1));
    }
}
