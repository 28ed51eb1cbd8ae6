//! The border between C and Rust: one caller at a time, and no panic beyond it.

use crate::error::{Problem, pc_error};
use crate::last_error::{LastError, Part, without_client};
use std::cell::UnsafeCell;
use std::ffi::c_char;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

/// What stands behind a handle.
pub(crate) trait State {
    fn last_error(&mut self) -> &mut LastError;

    /// After a panic: nothing that may be out of order goes on to be used.
    fn recover(&mut self);
}

/// A state that one caller at a time may use. A second one, from another thread or from a signal handler, is
/// refused.
pub(crate) struct Guarded<T> {
    busy: AtomicBool,
    state: UnsafeCell<T>,
}

// SAFETY: `enter` hands the state to one caller at a time.
unsafe impl<T: Send> Sync for Guarded<T> {}

impl<T: State> Guarded<T> {
    pub(crate) fn new(state: T) -> Self {
        Self { busy: AtomicBool::new(false), state: UnsafeCell::new(state) }
    }

    /// Runs `body` behind the border. What it returns as an error, or a panic, becomes the client's last error.
    pub(crate) fn enter(&self, body: impl FnOnce(&mut T) -> Result<(), Problem>) -> pc_error {
        let outcome = self.alone(|state| {
            let problem = match catch_unwind(AssertUnwindSafe(|| body(state))) {
                Ok(Ok(())) => return pc_error::PC_OK,
                Ok(Err(problem)) => problem,
                Err(_) => {
                    state.recover();
                    Problem::new(pc_error::PC_ERROR_INTERNAL, "internal error")
                }
            };
            state.last_error().set(&problem);
            problem.code
        });
        outcome.unwrap_or(pc_error::PC_ERROR_IN_USE)
    }

    /// The number of the last error.
    pub(crate) fn last_error(&self) -> pc_error {
        self.alone(|state| state.last_error().code()).unwrap_or(pc_error::PC_ERROR_IN_USE)
    }

    /// A text of the last error.
    pub(crate) fn error_text(&self, part: Part) -> *const c_char {
        self.alone(|state| state.last_error().part(part))
            .unwrap_or_else(|| without_client(pc_error::PC_ERROR_IN_USE, part))
    }

    /// Runs `body` unless somebody is inside. It must not panic.
    fn alone<R>(&self, body: impl FnOnce(&mut T) -> R) -> Option<R> {
        if self.busy.swap(true, Ordering::Acquire) {
            return None;
        }
        // SAFETY: whoever finds `busy` set stays out, so this is the only reference.
        let result = body(unsafe { &mut *self.state.get() });
        self.busy.store(false, Ordering::Release);
        Some(result)
    }
}

/// Frees what a handle points to and leaves NULL in it; `end` says whether it may be freed now. A NULL is left
/// alone.
///
/// # Safety
///
/// `handle` is NULL, or points to NULL or to what `Box::into_raw` gave.
pub(crate) unsafe fn free<H>(handle: *mut *mut H, end: impl FnOnce(&H) -> bool) {
    // SAFETY: the caller's.
    let Some(place) = (unsafe { handle.as_mut() }) else { return };
    // SAFETY: the caller's.
    let Some(object) = (unsafe { place.as_ref() }) else { return };
    if end(object) {
        let pointer = std::mem::replace(place, std::ptr::null_mut());
        // SAFETY: it came from a box, and its only known pointer has just been cleared.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(unsafe { Box::from_raw(pointer) })));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fragile {
        last_error: LastError,
        recovered: bool,
    }

    impl State for Fragile {
        fn last_error(&mut self) -> &mut LastError {
            &mut self.last_error
        }

        fn recover(&mut self) {
            self.recovered = true;
        }
    }

    fn fragile() -> Guarded<Fragile> {
        Guarded::new(Fragile { last_error: LastError::none(), recovered: false })
    }

    #[test]
    fn a_panic_is_an_error_and_the_client_goes_on() {
        let guarded = fragile();
        assert_eq!(guarded.enter(|_| panic!("on purpose")), pc_error::PC_ERROR_INTERNAL);
        assert_eq!(guarded.last_error(), pc_error::PC_ERROR_INTERNAL);
        let mut recovered = false;
        let next = guarded.enter(|state| {
            recovered = state.recovered;
            Ok(())
        });
        assert_eq!((next, recovered), (pc_error::PC_OK, true));
    }

    #[test]
    fn a_second_caller_is_refused() {
        let guarded = fragile();
        let mut inner = pc_error::PC_OK;
        let outer = guarded.enter(|_| {
            inner = guarded.enter(|_| Ok(()));
            Ok(())
        });
        assert_eq!((outer, inner), (pc_error::PC_OK, pc_error::PC_ERROR_IN_USE));
    }
}
