//! The texts of the call that failed last.

use crate::error::{Problem, message, pc_error};
use std::ffi::{CStr, CString, c_char};

/// The last error, as C texts. It stays until another takes its place.
#[derive(Clone, Debug)]
pub(crate) struct LastError {
    code: pc_error,
    server: CString,
    cause: CString,
    message: CString,
}

/// One of its texts.
#[derive(Clone, Copy)]
pub(crate) enum Part {
    Server,
    Cause,
    Message,
}

impl LastError {
    pub(crate) fn none() -> Self {
        let empty = CString::default;
        Self { code: pc_error::PC_OK, server: empty(), cause: empty(), message: empty() }
    }

    pub(crate) fn set(&mut self, problem: &Problem) {
        *self = Self {
            code: problem.code,
            server: c_text(&problem.server),
            cause: c_text(&problem.cause),
            message: c_text(&problem.message),
        };
    }

    pub(crate) fn code(&self) -> pc_error {
        self.code
    }

    pub(crate) fn part(&self, part: Part) -> *const c_char {
        match part {
            Part::Server => &self.server,
            Part::Cause => &self.cause,
            Part::Message => &self.message,
        }
        .as_ptr()
    }
}

/// The texts of an error where there is no client to ask.
pub(crate) fn without_client(code: pc_error, part: Part) -> *const c_char {
    let text: &'static CStr = match part {
        Part::Server => c"",
        Part::Cause | Part::Message => message(code as i32),
    };
    text.as_ptr()
}

/// A C text ends at a NUL byte, so it can hold none.
pub(crate) fn c_text(text: &str) -> CString {
    CString::new(text.replace('\0', "?")).unwrap_or_default()
}
