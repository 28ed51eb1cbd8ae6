//! The enums of the C interface.

use crate::error::pc_error;
use poolcounter::client::{AcquireOutcome, Outcome, ReleaseOutcome};
use poolcounter_c_macros::c_function;
use std::ffi::{CStr, c_char};

// The header says so: a caller that knows no C enums reserves as much.
const _: () = assert!(size_of::<pc_outcome>() == size_of::<i32>() && size_of::<pc_error>() == size_of::<i32>());

/// Who may use the result of the work.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum pc_mode {
    /// The caller alone: every waiter gets the lock in its turn.
    PC_MODE_FOR_ME = 1,
    /// Anyone: when the work is done, all waiters are told `PC_OUTCOME_DONE`.
    PC_MODE_FOR_ANYONE = 2,
}

/// The outcome of a call. The numbers are MediaWiki's, and are never reused. The type is as large as an int32_t.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum pc_outcome {
    /// The lock is held: do the work, then release it.
    PC_OUTCOME_LOCKED = 1,
    /// The release succeeded.
    PC_OUTCOME_RELEASED = 2,
    /// Another client did the work: read the cache.
    PC_OUTCOME_DONE = 3,
    /// A question for statistics is answered.
    PC_OUTCOME_STATISTICS = 4,
    /// There was no lock to release.
    PC_OUTCOME_NOT_LOCKED = -2,
    /// Too many hold the key or wait for it: serve an older result.
    PC_OUTCOME_QUEUE_FULL = -3,
    /// The lock was not granted within the timeout: serve an older result.
    PC_OUTCOME_TIMEOUT = -4,
    /// The connection has four locks already.
    PC_OUTCOME_LOCK_HELD = -5,
}

/// The event that a call waits for on its descriptor.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum pc_direction {
    /// None: the call waits only for its time-out.
    PC_DIRECTION_NONE = 0,
    /// The descriptor can be read.
    PC_DIRECTION_READ = 1,
    /// The descriptor can be written to.
    PC_DIRECTION_WRITE = 2,
}

impl From<&Outcome> for pc_outcome {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Acquire(outcome) => outcome.into(),
            Outcome::Release(outcome) => outcome.into(),
            Outcome::Statistics(_) => Self::PC_OUTCOME_STATISTICS,
        }
    }
}

impl From<&AcquireOutcome> for pc_outcome {
    fn from(outcome: &AcquireOutcome) -> Self {
        match outcome {
            AcquireOutcome::Locked(_) => Self::PC_OUTCOME_LOCKED,
            AcquireOutcome::Done => Self::PC_OUTCOME_DONE,
            AcquireOutcome::QueueFull => Self::PC_OUTCOME_QUEUE_FULL,
            AcquireOutcome::LockHeld => Self::PC_OUTCOME_LOCK_HELD,
            AcquireOutcome::Timeout => Self::PC_OUTCOME_TIMEOUT,
        }
    }
}

impl From<&ReleaseOutcome> for pc_outcome {
    fn from(outcome: &ReleaseOutcome) -> Self {
        match outcome {
            ReleaseOutcome::Released => Self::PC_OUTCOME_RELEASED,
            ReleaseOutcome::NotLocked => Self::PC_OUTCOME_NOT_LOCKED,
        }
    }
}

/// The protocol's word for an outcome, such as "QUEUE_FULL"; "UNKNOWN" for any other number. The library owns the text,
/// which is valid for ever.
#[c_function]
pub fn pc_outcome_name(outcome: i32) -> *const c_char {
    let name: &CStr = match outcome {
        1 => c"LOCKED",
        2 => c"RELEASED",
        3 => c"DONE",
        4 => c"STATISTICS",
        -2 => c"NOT_LOCKED",
        -3 => c"QUEUE_FULL",
        -4 => c"TIMEOUT",
        -5 => c"LOCK_HELD",
        _ => c"UNKNOWN",
    };
    name.as_ptr()
}

/// The number of the ABI, which is at the end of the SONAME: libpoolcounter.so.0. It is for programs that load the
/// library themselves. A library with another number does not match the header that they were built with.
#[c_function]
pub fn pc_abi() -> i32 {
    const ABI: i32 = match i32::from_str_radix(include_str!("../abi/number").trim_ascii(), 10) {
        Ok(number) => number,
        Err(_) => panic!("c-api/abi/number is no number"),
    };
    ABI
}

/// The library's version, such as "0.2.0". The library owns the text, which is valid for ever.
#[c_function]
pub fn pc_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}
