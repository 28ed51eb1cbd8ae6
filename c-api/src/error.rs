//! What can go wrong, by number.

use poolcounter::client::Failure;
use poolcounter_c_macros::c_function;
use std::ffi::{CStr, c_char};

/// Why a function failed. Numbers are never reused. The type is as large as an int32_t.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum pc_error {
    /// The function succeeded.
    PC_OK = 0,
    /// A pointer that must point to something is NULL.
    PC_ERROR_NULL = 1,
    /// A number or a text is out of its range.
    PC_ERROR_INVALID = 2,
    /// A text names no server.
    PC_ERROR_BAD_SERVER = 3,
    /// There is no server, or no server has this index.
    PC_ERROR_NO_SERVER = 4,
    /// The key cannot be sent: it is empty, too long, or has a NUL, CR or LF byte. Nothing was sent.
    PC_ERROR_BAD_KEY = 5,
    /// No server could be connected to, or the remaining servers are avoided at the moment.
    PC_ERROR_CONNECT = 6,
    /// The command could not be sent.
    PC_ERROR_WRITE = 7,
    /// No valid answer came in time.
    PC_ERROR_READ = 8,
    /// The server answered ERROR.
    PC_ERROR_REMOTE = 9,
    /// The client has no such lock, or no longer has it. In the child of a fork: the lock belongs to the parent.
    PC_ERROR_NO_SUCH_LOCK = 10,
    /// The call has no result yet.
    PC_ERROR_NOT_FINISHED = 11,
    /// Another thread, or a signal handler, is using this client.
    PC_ERROR_IN_USE = 12,
    /// A fault of the library. The client has closed its connections.
    PC_ERROR_INTERNAL = 13,
    /// The client that the call belongs to was freed.
    PC_ERROR_FREED = 14,
    /// A wait is interrupted, by a signal or for a check of signals, and can be resumed.
    PC_ERROR_INTERRUPTED = 15,
}

/// A short text for an error number. pc_client_error_message() has the details. The library owns the text, which is
/// valid for ever.
#[c_function]
pub fn pc_error_message(error: i32) -> *const c_char {
    message(error).as_ptr()
}

pub(crate) fn message(error: i32) -> &'static CStr {
    match error {
        0 => c"no error",
        1 => c"an argument is NULL",
        2 => c"an argument is invalid",
        3 => c"not a server",
        4 => c"no such server",
        5 => c"the key cannot be sent",
        6 => c"cannot connect",
        7 => c"cannot send",
        8 => c"no answer",
        9 => c"the server refused",
        10 => c"no such lock",
        11 => c"the call has not finished",
        12 => c"the client is in use by another thread",
        13 => c"internal error",
        14 => c"the client was freed",
        15 => c"the wait is interrupted",
        _ => c"unknown error",
    }
}

/// An error with its texts.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) code: pc_error,
    /// Empty if no server is concerned.
    pub(crate) server: String,
    pub(crate) cause: String,
    /// The whole sentence.
    pub(crate) message: String,
}

impl Problem {
    /// One that concerns no server.
    pub(crate) fn new(code: pc_error, cause: impl Into<String>) -> Self {
        let cause = cause.into();
        Self { code, server: String::new(), message: cause.clone(), cause }
    }

    pub(crate) fn null(argument: &str) -> Self {
        Self::new(pc_error::PC_ERROR_NULL, format!("{argument} is NULL"))
    }

    pub(crate) fn no_such_lock() -> Self {
        Self::new(pc_error::PC_ERROR_NO_SUCH_LOCK, "the client has no such lock")
    }
}

/// The result of a function that has no object to keep the last error.
pub(crate) fn code(result: Result<(), Problem>) -> pc_error {
    result.map_or_else(|problem| problem.code, |()| pc_error::PC_OK)
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let message = match failure {
            // A client has servers, so it was asked for one by its index.
            Failure::NoServer => "there is no server of this index".to_owned(),
            _ => failure.to_string(),
        };
        let (code, server, cause) = match failure {
            Failure::NoServer => (pc_error::PC_ERROR_NO_SERVER, String::new(), message.clone()),
            Failure::NoSuchLock => (pc_error::PC_ERROR_NO_SUCH_LOCK, String::new(), message.clone()),
            // After a fork: the call is the parent's.
            Failure::ClientDropped => (pc_error::PC_ERROR_READ, String::new(), "the connection was closed".to_owned()),
            Failure::BadStatistic(reason) => (pc_error::PC_ERROR_INVALID, String::new(), reason.to_string()),
            Failure::BadKey(reason) => (pc_error::PC_ERROR_BAD_KEY, String::new(), reason.to_string()),
            Failure::Connect { server, cause } => (pc_error::PC_ERROR_CONNECT, server, cause),
            Failure::Write { server, cause } => (pc_error::PC_ERROR_WRITE, server, cause),
            Failure::Read { server, cause } => (pc_error::PC_ERROR_READ, server, cause),
            Failure::Remote { server, message } => (pc_error::PC_ERROR_REMOTE, server, message),
            _ => (pc_error::PC_ERROR_INTERNAL, String::new(), message.clone()),
        };
        Self { code, server, cause, message }
    }
}
