//! The client that blocks.

use crate::arguments::{Place, text};
use crate::boundary::{Guarded, State, free};
use crate::config::{make, pc_config};
use crate::error::{Problem, pc_error};
use crate::last_error::{LastError, Part, c_text, without_client};
use crate::locks::{Locks, pc_lock};
use crate::request::pc_request;
use crate::sized::given;
use crate::values::pc_outcome;
use poolcounter::blocking::{BlockingClient, UntilSignal};
use poolcounter::client::{AcquireOutcome, Failure, Settings};
use poolcounter_c_macros::c_function;
use std::ffi::{CString, c_char};

/// A client whose calls block until the answer is there or the deadline has passed.
pub struct pc_client {
    guarded: Guarded<Blocking>,
    /// The servers' texts, which never change.
    servers: Vec<CString>,
}

struct Blocking {
    client: BlockingClient,
    locks: Locks,
    last_error: LastError,
}

impl State for Blocking {
    fn new(settings: Settings) -> Self {
        let client = BlockingClient::new(settings);
        Self { client, locks: Locks::default(), last_error: LastError::none() }
    }

    fn last_error(&mut self) -> &mut LastError {
        &mut self.last_error
    }

    fn recover(&mut self) {
        self.locks.clear();
        self.client.close();
    }
}

impl Blocking {
    fn settle(&mut self, granted: Granted, answer: UntilSignal) -> Result<(), Problem> {
        if let UntilSignal::Answered(outcome) = answer {
            granted.set(&mut self.locks, outcome);
            return Ok(());
        }
        Err(Problem::new(pc_error::PC_ERROR_INTERRUPTED, "the wait is interrupted, and can be resumed"))
    }
}

/// The outputs of an acquire.
struct Granted {
    lock: Place<pc_lock>,
    outcome: Place<pc_outcome>,
}

impl Granted {
    /// # Safety
    ///
    /// Each is NULL or a place for its output.
    unsafe fn new(lock: *mut pc_lock, outcome: *mut pc_outcome) -> Result<Self, Problem> {
        // SAFETY: the caller's.
        unsafe { Ok(Self { lock: Place::new(lock, "lock")?, outcome: Place::new(outcome, "outcome")? }) }
    }

    fn set(self, locks: &mut Locks, outcome: AcquireOutcome) {
        self.outcome.set(pc_outcome::from(&outcome));
        self.lock.set(match outcome {
            AcquireOutcome::Locked(lock) => locks.add(lock),
            _ => 0,
        });
    }
}

/// # Safety
///
/// `client` is NULL or a client.
unsafe fn enter(client: *mut pc_client, body: impl FnOnce(&mut Blocking) -> Result<(), Problem>) -> pc_error {
    // SAFETY: the caller's.
    unsafe { client.as_ref() }.map_or(pc_error::PC_ERROR_NULL, |client| client.guarded.enter(body))
}

/// Makes a client, which has no connection yet. Free it with pc_client_free(). If it cannot be made,
/// pc_config_error_cause() says why.
#[c_function]
pub unsafe fn pc_client_new(config: *const pc_config, client: *mut *mut pc_client) -> pc_error {
    let new = |settings: Settings| pc_client {
        servers: settings.servers().iter().map(|server| c_text(server.name())).collect(),
        guarded: Guarded::new(settings),
    };
    // SAFETY: the conventions.
    unsafe { make(config, client, new) }
}

/// Closes the client's connections, frees the client and sets the pointer to NULL. Held locks are abandoned. Does
/// nothing while another thread uses the client.
#[c_function]
pub unsafe fn pc_client_free(client: *mut *mut pc_client) {
    // SAFETY: the conventions.
    unsafe { free(client, |client| client.guarded.close(|_| {}).then_some(())) }
}

/// Waits for a lock. With PC_OUTCOME_LOCKED, `lock` is the number of the lock to release or abandon; with any other
/// outcome it is 0.
///
/// If no server answers (PC_ERROR_CONNECT, PC_ERROR_WRITE, PC_ERROR_READ), do the work unprotected.
#[c_function]
pub unsafe fn pc_client_acquire(
    client: *mut pc_client,
    request: *const pc_request,
    lock: *mut pc_lock,
    outcome: *mut pc_outcome,
) -> pc_error {
    let acquire = |state: &mut Blocking| {
        // SAFETY: the conventions.
        let (request, granted) = unsafe { (given(request, "request")?, Granted::new(lock, outcome)?) };
        state.client.cancel_interrupted();
        // SAFETY: the conventions.
        let answer = state.client.acquire(&unsafe { request.read() }?)?;
        granted.set(&mut state.locks, answer);
        Ok(())
    };
    // SAFETY: the conventions.
    unsafe { enter(client, acquire) }
}

/// Waits for a lock as pc_client_acquire() does, but returns PC_ERROR_INTERRUPTED when a signal has come and its
/// handler has run. It also returns this once a second, because a signal may have come just before the wait. The wait
/// is not lost: pc_client_resume() continues it. The next acquire of the client, or freeing the client, gives the wait
/// up.
#[c_function]
pub unsafe fn pc_client_acquire_until_signal(
    client: *mut pc_client,
    request: *const pc_request,
    lock: *mut pc_lock,
    outcome: *mut pc_outcome,
) -> pc_error {
    let acquire = |state: &mut Blocking| {
        // SAFETY: the conventions.
        let (request, granted) = unsafe { (given(request, "request")?, Granted::new(lock, outcome)?) };
        state.client.cancel_interrupted();
        // SAFETY: the conventions.
        let answer = state.client.acquire_until_signal(&unsafe { request.read() }?)?;
        state.settle(granted, answer)
    };
    // SAFETY: the conventions.
    unsafe { enter(client, acquire) }
}

/// Continues an interrupted wait, with the same deadline. The outputs are those of the acquire. Without such a wait the
/// error is PC_ERROR_INVALID.
#[c_function]
pub unsafe fn pc_client_resume(client: *mut pc_client, lock: *mut pc_lock, outcome: *mut pc_outcome) -> pc_error {
    let resume = |state: &mut Blocking| {
        // SAFETY: the conventions.
        let granted = unsafe { Granted::new(lock, outcome) }?;
        let no_wait = || Problem::new(pc_error::PC_ERROR_INVALID, "no wait was interrupted");
        let answer = state.client.resume().ok_or_else(no_wait)??;
        state.settle(granted, answer)
    };
    // SAFETY: the conventions.
    unsafe { enter(client, resume) }
}

/// Releases a lock: all for-anyone waiters are told that the result is there. `outcome` may be NULL.
///
/// Afterwards the lock's number is invalid in any case. A broken connection is an error only with
/// pc_config_set_await_release().
#[c_function]
pub unsafe fn pc_client_release(client: *mut pc_client, lock: pc_lock, outcome: *mut pc_outcome) -> pc_error {
    let release = |state: &mut Blocking| {
        let lock = state.locks.take(lock).ok_or_else(Problem::no_such_lock)?;
        let answer = state.client.release(lock).map_err(Failure::from)?;
        // SAFETY: the conventions.
        if let Ok(outcome) = unsafe { Place::new(outcome, "outcome") } {
            outcome.set(pc_outcome::from(&answer));
        }
        Ok(())
    };
    // SAFETY: the conventions.
    unsafe { enter(client, release) }
}

/// The work failed: the lock's connection is closed. The next waiter does the work, and no waiter is told that it is
/// done.
#[c_function]
pub unsafe fn pc_client_abandon(client: *mut pc_client, lock: pc_lock) -> pc_error {
    let abandon = |state: &mut Blocking| {
        let lock = state.locks.take(lock).ok_or_else(Problem::no_such_lock)?;
        Ok(state.client.abandon(lock).map_err(Failure::from)?)
    };
    // SAFETY: the conventions.
    unsafe { enter(client, abandon) }
}

/// Asks a server, by its index, for "FULL", "UPTIME" or the name of a counter. Free the text with pc_string_free(). A
/// name that cannot be sent is PC_ERROR_INVALID.
#[c_function]
pub unsafe fn pc_client_stats(
    client: *mut pc_client,
    server: usize,
    name: *const c_char,
    stats: *mut *mut c_char,
) -> pc_error {
    let ask = |state: &mut Blocking| {
        // SAFETY: the conventions.
        let (name, stats) = unsafe { (text(name, "name")?, Place::new(stats, "stats")?) };
        let answer = state.client.statistics(server, name)?;
        stats.set(c_text(&answer).into_raw());
        Ok(())
    };
    // SAFETY: the conventions.
    unsafe { enter(client, ask) }
}

/// Frees a text that pc_client_stats() or pc_request_line() gave, and sets the pointer to NULL.
#[c_function]
pub unsafe fn pc_string_free(string: *mut *mut c_char) {
    // SAFETY: the conventions.
    let Some(place) = (unsafe { string.as_mut() }) else { return };
    if !place.is_null() {
        let pointer = std::mem::replace(place, std::ptr::null_mut());
        // SAFETY: it came from `into_raw`.
        drop(unsafe { CString::from_raw(pointer) });
    }
}

/// Closes every connection. Held locks are abandoned. The client remains usable.
#[c_function]
pub unsafe fn pc_client_close(client: *mut pc_client) -> pc_error {
    let close = |state: &mut Blocking| {
        state.recover();
        Ok(())
    };
    // SAFETY: the conventions.
    unsafe { enter(client, close) }
}

/// How many servers there are.
#[c_function]
pub unsafe fn pc_client_server_count(client: *const pc_client) -> usize {
    // SAFETY: the conventions.
    unsafe { client.as_ref() }.map_or(0, |client| client.servers.len())
}

/// The text of a server, as it was configured; NULL if no server has this index. The client owns the text, which is
/// valid as long as the client exists.
#[c_function]
pub unsafe fn pc_client_server_name(client: *const pc_client, server: usize) -> *const c_char {
    // SAFETY: the conventions.
    let name = unsafe { client.as_ref() }.and_then(|client| client.servers.get(server));
    name.map_or(std::ptr::null(), |name| name.as_ptr())
}

/// The number of the last error of this client; PC_OK if there was none. A call that succeeds does not change it.
#[c_function]
pub unsafe fn pc_client_last_error(client: *const pc_client) -> pc_error {
    // SAFETY: the conventions.
    unsafe { client.as_ref() }.map_or(pc_error::PC_ERROR_NULL, |client| client.guarded.last_error())
}

/// The last error in a sentence, with server and cause. It is valid until the next call with this client.
#[c_function]
pub unsafe fn pc_client_error_message(client: *const pc_client) -> *const c_char {
    // SAFETY: the conventions.
    unsafe { error_text(client, Part::Message) }
}

/// The server of the last error, as it was configured; empty if the error concerns no server. It is valid until the
/// next call with this client.
#[c_function]
pub unsafe fn pc_client_error_server(client: *const pc_client) -> *const c_char {
    // SAFETY: the conventions.
    unsafe { error_text(client, Part::Server) }
}

/// The cause of the last error: the system's text, or the server's. It is valid until the next call with this client.
#[c_function]
pub unsafe fn pc_client_error_cause(client: *const pc_client) -> *const c_char {
    // SAFETY: the conventions.
    unsafe { error_text(client, Part::Cause) }
}

/// # Safety
///
/// `client` is NULL or a client.
unsafe fn error_text(client: *const pc_client, part: Part) -> *const c_char {
    // SAFETY: the caller's.
    match unsafe { client.as_ref() } {
        Some(client) => client.guarded.error_text(part),
        None => without_client(pc_error::PC_ERROR_NULL, part),
    }
}
