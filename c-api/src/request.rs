//! What an acquire asks for.

use crate::arguments::{Place, bytes, milliseconds, number};
use crate::error::{Problem, code, pc_error};
use crate::sized::{Sized32, given};
use crate::values::pc_mode;
use poolcounter::client::{Failure, RELEASE_LINE, Request};
use poolcounter::protocol::Mode;
use poolcounter_c_macros::c_function;
use std::ffi::{CString, c_char};
use std::mem::offset_of;

/// A request for a lock. Set unused fields to 0: a designated initialiser does this.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct pc_request {
    /// sizeof(pc_request). It tells the library which fields the program was compiled with; fields may be added at the
    /// end.
    pub size: u32,
    /// A pc_mode.
    pub mode: i32,
    /// The bytes of the key, without NUL, CR and LF. The caller owns them; the library does not need them after the
    /// call.
    pub key: *const c_char,
    /// The number of bytes of the key.
    pub key_length: usize,
    /// How many may hold the key at once, from 0 to 2^32 - 1.
    pub workers: i64,
    /// How many may hold the key or wait for it, from 0 to 2^32 - 1.
    pub maxqueue: i64,
    /// How many seconds to wait for the lock, from 0 (no wait) to 2^32 - 1.
    pub timeout_seconds: i64,
    /// How many milliseconds to wait for the answer; 0: 1.5 times timeout_seconds. It is never less than the
    /// configuration's min_answer_timeout_ms. With timeout_seconds 0 it can only shorten the wait.
    pub answer_timeout_ms: i64,
}

// SAFETY: it has no padding, as the assertion says, and numbers and pointers may have any bytes.
unsafe impl Sized32 for pc_request {
    const NAME: &'static str = "pc_request";
    const FIRST: usize = offset_of!(Self, answer_timeout_ms) + size_of::<i64>();
}

const _: () = assert!(size_of::<pc_request>() == 2 * size_of::<u32>() + 2 * size_of::<usize>() + 4 * size_of::<i64>());

impl pc_request {
    /// # Safety
    ///
    /// `key` points to `key_length` bytes, or is NULL.
    pub(crate) unsafe fn read(&self) -> Result<Request<'_>, Problem> {
        let largest = i64::from(u32::MAX);
        let answer_timeout = milliseconds(self.answer_timeout_ms, 0, "answer_timeout_ms")?;
        let mode = mode(self.mode)?;
        // SAFETY: the caller's.
        let request = Request::new(unsafe { bytes(self.key, self.key_length, "key") }?).mode(mode);
        // Whether 0 is allowed, the server says.
        let request = request
            .workers(number(self.workers, 0..=largest, "workers")?)
            .maxqueue(number(self.maxqueue, 0..=largest, "maxqueue")?)
            .timeout_seconds(number(self.timeout_seconds, 0..=largest, "timeout_seconds")?);
        Ok(if answer_timeout.is_zero() { request } else { request.answer_timeout(answer_timeout) })
    }
}

/// The line that an acquire sends, with its line feed, for a program with sockets of its own. Free it with
/// pc_string_free(). A space in the key becomes %20; its other bytes stay the same.
#[c_function]
pub unsafe fn pc_request_line(request: *const pc_request, line: *mut *mut c_char) -> pc_error {
    let encode = || {
        // SAFETY: the conventions.
        let (request, place) = unsafe { (given(request, "request")?, Place::new(line, "line")?) };
        // SAFETY: the conventions.
        let line = unsafe { request.read() }?.encode().map_err(Failure::BadKey)?;
        // A key with a NUL byte was refused.
        place.set(CString::new(line).unwrap_or_default().into_raw());
        Ok(())
    };
    code(encode())
}

/// The line that releases a lock, with its line feed. A server releases the newest lock of the connection. The library
/// owns the text, which is valid for ever.
#[c_function]
pub fn pc_release_line() -> *const c_char {
    RELEASE_LINE.as_ptr()
}

fn mode(number: i32) -> Result<Mode, Problem> {
    match number {
        _ if number == pc_mode::PC_MODE_FOR_ME as i32 => Ok(Mode::ForMe),
        _ if number == pc_mode::PC_MODE_FOR_ANYONE as i32 => Ok(Mode::ForAnyone),
        _ => Err(Problem::new(pc_error::PC_ERROR_INVALID, "mode must be PC_MODE_FOR_ME or PC_MODE_FOR_ANYONE")),
    }
}
