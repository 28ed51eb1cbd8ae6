//! The border between C and Rust: no panic beyond it, and one caller at a time.

use crate::error::{Problem, pc_error};
use crate::last_error::{LastError, Part, without_client};
use poolcounter::Process;
use poolcounter::client::Settings;
use std::ffi::c_char;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

/// Runs the body of a function that C has called. After a panic C gets what `AfterPanic` says. `#[c_function]` writes
/// the call, so every exported function has it.
pub(crate) fn contain<R: AfterPanic>(body: impl FnOnce() -> R) -> R {
    caught(body).unwrap_or_else(R::after_panic)
}

/// Runs `body`; nothing if it panics.
pub(crate) fn caught<R>(body: impl FnOnce() -> R) -> Option<R> {
    let outcome = catch_unwind(AssertUnwindSafe(body));
    // The payload of the panic is not dropped: that could panic again.
    outcome.map_err(std::mem::forget).ok()
}

/// What a function returns after a panic. A type without it cannot be returned to C.
pub(crate) trait AfterPanic {
    fn after_panic() -> Self;
}

impl AfterPanic for () {
    fn after_panic() {}
}

impl AfterPanic for pc_error {
    fn after_panic() -> Self {
        Self::PC_ERROR_INTERNAL
    }
}

/// Functions that count return 0.
impl AfterPanic for usize {
    fn after_panic() -> Self {
        0
    }
}

/// -1 is no number of an ABI.
impl AfterPanic for i32 {
    fn after_panic() -> Self {
        -1
    }
}

/// Functions that return a text return an empty one: most of them never return NULL.
impl AfterPanic for *const c_char {
    fn after_panic() -> Self {
        c"".as_ptr()
    }
}

/// The state behind a handle.
pub(crate) trait State: Send {
    /// As a client begins.
    fn new(settings: Settings) -> Self;

    fn last_error(&mut self) -> &mut LastError;

    /// After a panic or a fork: drops all state that may be inconsistent, or that is the parent's.
    fn recover(&mut self);
}

/// A state that one caller at a time may use. A second one, from another thread or from a signal handler, is
/// refused.
pub(crate) struct Guarded<T: State> {
    /// The process in which a thread is inside; 0 if none is.
    inside: AtomicU64,
    /// The process whose state it is. Changed only inside.
    process: AtomicU64,
    /// From a box. Changed only inside.
    state: AtomicPtr<T>,
    settings: Settings,
}

impl<T: State> Guarded<T> {
    pub(crate) fn new(settings: Settings) -> Self {
        let state = boxed(T::new(settings.clone()));
        Self { inside: AtomicU64::new(0), process: AtomicU64::new(here()), state: AtomicPtr::new(state), settings }
    }

    /// Runs `body` behind the border. What it returns as an error, or a panic, becomes the client's last error.
    pub(crate) fn enter(&self, body: impl FnOnce(&mut T) -> Result<(), Problem>) -> pc_error {
        let outcome = self.alone(|state| {
            let problem = match caught(|| body(state)) {
                Some(Ok(())) => return pc_error::PC_OK,
                Some(Err(problem)) => problem,
                None => {
                    state.recover();
                    Problem::new(pc_error::PC_ERROR_INTERNAL, "internal error")
                }
            };
            state.last_error().set(&problem);
            problem.code
        });
        outcome.unwrap_or(pc_error::PC_ERROR_IN_USE)
    }

    /// Runs `body` and keeps the state closed until `reopen`. False if another caller is inside: then nothing is done.
    pub(crate) fn close(&self, body: impl FnOnce(&mut T)) -> bool {
        let Some(state) = self.take() else { return false };
        // After a panic too, the caller is the only one inside.
        caught(|| body(state)).unwrap_or_default();
        true
    }

    fn reopen(&self) {
        self.inside.store(0, Ordering::Release);
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

    /// Runs `body` unless another caller is inside.
    fn alone<R>(&self, body: impl FnOnce(&mut T) -> R) -> Option<R> {
        let state = self.take()?;
        let _inside = Inside(self);
        Some(body(state))
    }

    /// Enters, unless another caller is inside. Only `reopen` ends it.
    #[allow(clippy::mut_from_ref, reason = "only the caller that is inside gets it")]
    fn take(&self) -> Option<&mut T> {
        let here = here();
        if let Err(other) = self.inside.compare_exchange(0, here, Ordering::Acquire, Ordering::Relaxed) {
            self.take_from_parent(other, here)?;
        }
        // SAFETY: it came from a box. Other callers are refused until this one leaves, so this is the only reference.
        let state = unsafe { &mut *self.state.load(Ordering::Relaxed) };
        if self.process.load(Ordering::Relaxed) != here {
            let inside = Inside(self);
            state.recover();
            self.process.store(here, Ordering::Relaxed);
            std::mem::forget(inside);
        }
        Some(state)
    }

    /// A thread that was inside when the parent forked is not in this process. It left the state as it was at that
    /// moment, perhaps half written, and does not reopen it. So the child begins with a new state, and leaves the old
    /// one alone, its memory too.
    #[cold]
    fn take_from_parent(&self, inside: u64, here: u64) -> Option<()> {
        if inside == here {
            return None;
        }
        self.inside.compare_exchange(inside, here, Ordering::Acquire, Ordering::Relaxed).ok()?;
        self.state.store(boxed(T::new(self.settings.clone())), Ordering::Relaxed);
        self.process.store(here, Ordering::Relaxed);
        Some(())
    }
}

impl<T: State> Drop for Guarded<T> {
    fn drop(&mut self) {
        // SAFETY: it came from a box, and no other caller can be inside.
        drop(unsafe { Box::from_raw(*self.state.get_mut()) });
    }
}

/// Leaves when it is dropped, after a panic too.
struct Inside<'a, T: State>(&'a Guarded<T>);

impl<T: State> Drop for Inside<'_, T> {
    fn drop(&mut self) {
        self.0.reopen();
    }
}

fn boxed<T>(state: T) -> *mut T {
    Box::into_raw(Box::new(state))
}

/// This process.
pub(crate) fn here() -> u64 {
    Process::current().as_u64()
}

/// Reopens a closed state when it is dropped.
pub(crate) struct Reopened<T: State>(pub(crate) Arc<Guarded<T>>);

impl<T: State> Drop for Reopened<T> {
    fn drop(&mut self) {
        self.0.reopen();
    }
}

/// Frees what a handle points to and leaves NULL in it. `end` gives nothing if it may not be freed now; what it gives
/// lasts until it is freed. A NULL is left alone.
///
/// # Safety
///
/// `handle` is NULL, or points to NULL or to what `Box::into_raw` gave.
pub(crate) unsafe fn free<H, R>(handle: *mut *mut H, end: impl FnOnce(&H) -> Option<R>) {
    // SAFETY: the caller's.
    let Some(place) = (unsafe { handle.as_mut() }) else { return };
    // SAFETY: the caller's.
    let Some(object) = (unsafe { place.as_ref() }) else { return };
    if let Some(_until_freed) = end(object) {
        let pointer = std::mem::replace(place, std::ptr::null_mut());
        // SAFETY: it came from a box, and its only known pointer has just been cleared.
        drop(unsafe { Box::from_raw(pointer) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use poolcounter_c_macros::c_function;
    use std::ffi::CStr;

    struct Fragile {
        last_error: LastError,
        recovered: bool,
    }

    impl State for Fragile {
        fn new(_: Settings) -> Self {
            Self { last_error: LastError::none(), recovered: false }
        }

        fn last_error(&mut self) -> &mut LastError {
            &mut self.last_error
        }

        fn recover(&mut self) {
            self.recovered = true;
        }
    }

    #[c_function]
    fn number() -> pc_error {
        panic!("on purpose")
    }

    #[c_function]
    fn count() -> usize {
        panic!("on purpose")
    }

    #[c_function]
    fn text() -> *const c_char {
        panic!("on purpose")
    }

    #[c_function]
    fn nothing() {
        // Its payload panics again when it is dropped.
        std::panic::panic_any(Thrown);
    }

    struct Thrown;

    impl Drop for Thrown {
        fn drop(&mut self) {
            panic!("on purpose, again");
        }
    }

    #[test]
    fn a_panic_does_not_leave_a_function_that_c_calls() {
        // As C sees them.
        let number: extern "C" fn() -> pc_error = number;
        assert_eq!((number(), count()), (pc_error::PC_ERROR_INTERNAL, 0));
        // SAFETY: it is a text of C.
        assert_eq!(unsafe { CStr::from_ptr(text()) }, c"");
        nothing();
    }

    fn fragile() -> Guarded<Fragile> {
        Guarded::new(Settings::new(Vec::new()))
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
    fn a_panic_does_not_close_the_client_for_good() {
        let guarded = fragile();
        assert!(caught(|| guarded.alone(|_| panic!("on purpose"))).is_none());
        assert_eq!(guarded.enter(|_| Ok(())), pc_error::PC_OK);
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

    #[test]
    fn a_closed_state_refuses_callers_until_it_is_reopened() {
        let guarded = Arc::new(fragile());
        assert!(guarded.close(|_| {}));
        assert_eq!(guarded.enter(|_| Ok(())), pc_error::PC_ERROR_IN_USE);
        assert!(!guarded.close(|_| panic!("it is closed")));
        drop(Reopened(Arc::clone(&guarded)));
        assert_eq!(guarded.enter(|_| Ok(())), pc_error::PC_OK);
    }

    #[test]
    fn what_a_parent_left_half_done_is_not_used() {
        let guarded = fragile();
        guarded.enter(|state| {
            state.recovered = true;
            Ok(())
        });
        // As a child finds it whose parent had another thread inside.
        let parent = here() + 1;
        guarded.process.store(parent, Ordering::Relaxed);
        guarded.inside.store(parent, Ordering::Relaxed);
        let mut fresh = false;
        let child = guarded.enter(|state| {
            fresh = !state.recovered;
            Ok(())
        });
        assert_eq!((child, fresh), (pc_error::PC_OK, true));
    }
}
