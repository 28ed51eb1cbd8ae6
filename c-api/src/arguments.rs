//! Reading what C has passed.

use crate::error::{Problem, pc_error};
use std::ffi::{CStr, c_char};
use std::ops::RangeInclusive;
use std::ptr::NonNull;
use std::time::Duration;

/// A month: no wait is as long.
const MONTH_MS: i64 = 30 * 24 * 3600 * 1000;

/// A place for an output. There may be nothing in it yet that Rust would take for a value.
pub(crate) struct Place<T>(NonNull<T>);

impl<T> Place<T> {
    /// # Safety
    ///
    /// It is NULL, or points to memory for a `T` that nobody else uses as long as this lives.
    pub(crate) unsafe fn new(pointer: *mut T, name: &str) -> Result<Self, Problem> {
        NonNull::new(pointer).map(Self).ok_or_else(|| Problem::null(name))
    }

    pub(crate) fn set(self, value: T) {
        // SAFETY: what `new` was promised.
        unsafe { self.0.as_ptr().write(value) }
    }
}

/// A text in UTF-8.
///
/// # Safety
///
/// It is NULL, or ends with a NUL byte.
pub(crate) unsafe fn text<'a>(pointer: *const c_char, name: &str) -> Result<&'a str, Problem> {
    if pointer.is_null() {
        return Err(Problem::null(name));
    }
    // SAFETY: the caller's.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().map_err(|_| Problem::new(pc_error::PC_ERROR_INVALID, format!("{name} is not UTF-8")))
}

/// Bytes of this length.
///
/// # Safety
///
/// There are so many, unless the pointer is NULL.
pub(crate) unsafe fn bytes<'a>(pointer: *const c_char, length: usize, name: &str) -> Result<&'a [u8], Problem> {
    if length == 0 {
        return Ok(&[]);
    }
    if pointer.is_null() {
        return Err(Problem::null(name));
    }
    if isize::try_from(length).is_err() {
        return Err(Problem::new(pc_error::PC_ERROR_INVALID, format!("the length of {name} is too large")));
    }
    // SAFETY: the caller's.
    Ok(unsafe { std::slice::from_raw_parts(pointer.cast(), length) })
}

/// A number that fits.
pub(crate) fn number<T: TryFrom<i64>>(value: i64, range: RangeInclusive<i64>, name: &str) -> Result<T, Problem> {
    let outside = || {
        Problem::new(pc_error::PC_ERROR_INVALID, format!("{name} must be from {} to {}", range.start(), range.end()))
    };
    if range.contains(&value) { T::try_from(value).map_err(|_| outside()) } else { Err(outside()) }
}

/// Milliseconds.
pub(crate) fn milliseconds(value: i64, least: i64, name: &str) -> Result<Duration, Problem> {
    number(value, least..=MONTH_MS, name).map(Duration::from_millis)
}

/// A switch.
pub(crate) fn switch(value: i32, name: &str) -> Result<bool, Problem> {
    number(value.into(), 0..=1, name).map(|number: i64| number == 1)
}
