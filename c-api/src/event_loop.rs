//! The client for event loops.

use crate::arguments::{Place, text};
use crate::boundary::{Guarded, Reopened, State, free};
use crate::call::pc_call;
use crate::config::{make, pc_config};
use crate::error::{Problem, pc_error};
use crate::last_error::{LastError, Part, c_text, without_client};
use crate::locks::{Locks, pc_lock};
use crate::request::pc_request;
use crate::sized::given;
use poolcounter::client::{Failure, Outcome, Settings};
use poolcounter::nonblocking::{NonblockingCall, NonblockingClient};
use poolcounter_c_macros::c_function;
use std::ffi::{CString, c_char};
use std::sync::Arc;

/// A client for event loops: its calls never block. Many can be under way at once.
pub struct pc_async {
    shared: Arc<Guarded<Async>>,
    /// The servers' texts, which never change.
    servers: Vec<CString>,
    /// The host of each, but of Unix sockets.
    hosts: Vec<Option<CString>>,
}

/// What a client and its calls share.
pub(crate) struct Async {
    pub(crate) client: NonblockingClient,
    pub(crate) locks: Locks,
    last_error: LastError,
    /// The C program has freed it; only its calls are left.
    pub(crate) freed: bool,
}

impl State for Async {
    fn new(settings: Settings) -> Self {
        let client = NonblockingClient::new(settings);
        Self { client, locks: Locks::default(), last_error: LastError::none(), freed: false }
    }

    fn last_error(&mut self) -> &mut LastError {
        &mut self.last_error
    }

    fn recover(&mut self) {
        self.locks.clear();
        self.client.close();
    }
}

/// # Safety
///
/// `client` is NULL or a client.
pub(crate) unsafe fn enter(client: *mut pc_async, body: impl FnOnce(&mut Async) -> Result<(), Problem>) -> pc_error {
    // SAFETY: the caller's.
    unsafe { client.as_ref() }.map_or(pc_error::PC_ERROR_NULL, |client| client.shared.enter(body))
}

/// Makes a client, which has no connection yet. pc_call_progress() looks up the name of a server when it connects, and
/// this may block. With pc_config_set_look_ups_by_caller() it does not. Free the client with pc_async_free(). If it
/// cannot be made, pc_config_error_cause() says why.
#[c_function]
pub unsafe fn pc_async_new(config: *const pc_config, client: *mut *mut pc_async) -> pc_error {
    let new = |settings: Settings| pc_async {
        servers: settings.servers().iter().map(|server| c_text(server.name())).collect(),
        hosts: settings.servers().iter().map(|server| server.target().host().map(c_text)).collect(),
        shared: Arc::new(Guarded::new(settings)),
    };
    // SAFETY: the conventions.
    unsafe { make(config, client, new) }
}

/// Gives the result of a look-up that `look_up` of a pc_wait asked for. `addresses` are separated by commas, as
/// getnameinfo() writes them with NI_NUMERICHOST. If there are none, it is NULL, and `cause` says why; otherwise
/// `cause` may be NULL. All clients of the process use the result. Any thread may call this function, even if the call
/// and its client are freed already. Before the result is given, calls to this server wait or fail.
#[c_function]
pub unsafe fn pc_looked_up(host: *const c_char, addresses: *const c_char, cause: *const c_char) -> pc_error {
    let tell = || -> Result<(), Problem> {
        // SAFETY: the conventions.
        let host = unsafe { text(host, "host") }?;
        let found = if addresses.is_null() {
            // SAFETY: the conventions.
            Err(unsafe { text(cause, "cause") }?.to_owned())
        } else {
            // SAFETY: the conventions.
            let addresses = unsafe { text(addresses, "addresses") }?;
            Ok(addresses.split(',').filter(|address| !address.is_empty()).map(str::to_owned).collect())
        };
        poolcounter::looked_up(host, found);
        Ok(())
    };
    tell().map_or_else(|problem| problem.code, |()| pc_error::PC_OK)
}

/// Closes the client's connections, frees the client and sets the pointer to NULL. Held locks are abandoned. Calls
/// under way fail, and must still be freed. Does nothing while another thread uses the client.
#[c_function]
pub unsafe fn pc_async_free(client: *mut *mut pc_async) {
    let end = |client: &pc_async| {
        let end = |state: &mut Async| {
            state.freed = true;
            state.recover();
        };
        // Its calls go on with what they share.
        client.shared.close(end).then(|| Reopened(Arc::clone(&client.shared)))
    };
    // SAFETY: the conventions.
    unsafe { free(client, end) }
}

/// Begins to acquire a lock. Drive the call with pc_call_progress(), and free it with pc_call_free().
#[c_function]
pub unsafe fn pc_async_acquire(client: *mut pc_async, request: *const pc_request, call: *mut *mut pc_call) -> pc_error {
    // SAFETY: the conventions.
    let acquire = |state: &mut Async| unsafe {
        let request = given(request, "request")?;
        Ok(state.client.acquire(&request.read()?)?.untyped())
    };
    // SAFETY: the conventions.
    unsafe { begin(client, call, acquire) }
}

/// Begins to release a lock. By default the call finishes as soon as the command is written, mostly at the first
/// pc_call_progress(). Afterwards the lock's number is invalid in any case.
#[c_function]
pub unsafe fn pc_async_release(client: *mut pc_async, lock: pc_lock, call: *mut *mut pc_call) -> pc_error {
    let release = |state: &mut Async| {
        let lock = state.locks.take(lock).ok_or_else(Problem::no_such_lock)?;
        Ok(state.client.release(lock).map_err(Failure::from)?.untyped())
    };
    // SAFETY: the conventions.
    unsafe { begin(client, call, release) }
}

/// The work failed: the lock's connection is closed. The next waiter does the work, and no waiter is told that it is
/// done.
#[c_function]
pub unsafe fn pc_async_abandon(client: *mut pc_async, lock: pc_lock) -> pc_error {
    let abandon = |state: &mut Async| {
        let lock = state.locks.take(lock).ok_or_else(Problem::no_such_lock)?;
        Ok(state.client.abandon(lock).map_err(Failure::from)?)
    };
    // SAFETY: the conventions.
    unsafe { enter(client, abandon) }
}

/// Begins to ask a server, by its index, for "FULL", "UPTIME" or the name of a counter. pc_call_text() gives the
/// answer. A name that cannot be sent is PC_ERROR_INVALID.
#[c_function]
pub unsafe fn pc_async_stats(
    client: *mut pc_async,
    server: usize,
    name: *const c_char,
    call: *mut *mut pc_call,
) -> pc_error {
    // SAFETY: the conventions.
    let ask = |state: &mut Async| Ok(state.client.statistics(server, unsafe { text(name, "name") }?)?.untyped());
    // SAFETY: the conventions.
    unsafe { begin(client, call, ask) }
}

/// Closes every connection. Held locks are abandoned, and calls that wait for an answer fail. The client remains
/// usable.
#[c_function]
pub unsafe fn pc_async_close(client: *mut pc_async) -> pc_error {
    let close = |state: &mut Async| {
        state.recover();
        Ok(())
    };
    // SAFETY: the conventions.
    unsafe { enter(client, close) }
}

/// How many servers there are.
#[c_function]
pub unsafe fn pc_async_server_count(client: *const pc_async) -> usize {
    // SAFETY: the conventions.
    unsafe { client.as_ref() }.map_or(0, |client| client.servers.len())
}

/// The text of a server, as it was configured; NULL if no server has this index. The client owns the text, which is
/// valid as long as the client exists.
#[c_function]
pub unsafe fn pc_async_server_name(client: *const pc_async, server: usize) -> *const c_char {
    // SAFETY: the conventions.
    let name = unsafe { client.as_ref() }.and_then(|client| client.servers.get(server));
    name.map_or(std::ptr::null(), |name| name.as_ptr())
}

/// The host of a server, without brackets and port, for a look-up; NULL if no server has this index, or if the server
/// is a Unix socket. The client owns the text, which is valid as long as the client exists.
#[c_function]
pub unsafe fn pc_async_server_host(client: *const pc_async, server: usize) -> *const c_char {
    // SAFETY: the conventions.
    let host = unsafe { client.as_ref() }.and_then(|client| client.hosts.get(server)?.as_ref());
    host.map_or(std::ptr::null(), |host| host.as_ptr())
}

/// The number of the last error of this client and its calls; PC_OK if there was none. A call that succeeds does not
/// change it.
#[c_function]
pub unsafe fn pc_async_last_error(client: *const pc_async) -> pc_error {
    // SAFETY: the conventions.
    unsafe { client.as_ref() }.map_or(pc_error::PC_ERROR_NULL, |client| client.shared.last_error())
}

/// The last error in a sentence, with server and cause. It is valid until the next call with this client.
#[c_function]
pub unsafe fn pc_async_error_message(client: *const pc_async) -> *const c_char {
    // SAFETY: the conventions.
    unsafe { error_text(client, Part::Message) }
}

/// The server of the last error, as it was configured; empty if the error concerns no server. It is valid until the
/// next call with this client.
#[c_function]
pub unsafe fn pc_async_error_server(client: *const pc_async) -> *const c_char {
    // SAFETY: the conventions.
    unsafe { error_text(client, Part::Server) }
}

/// The cause of the last error: the system's text, or the server's. It is valid until the next call with this client.
#[c_function]
pub unsafe fn pc_async_error_cause(client: *const pc_async) -> *const c_char {
    // SAFETY: the conventions.
    unsafe { error_text(client, Part::Cause) }
}

/// # Safety
///
/// `client` is NULL or a client.
unsafe fn error_text(client: *const pc_async, part: Part) -> *const c_char {
    // SAFETY: the caller's.
    match unsafe { client.as_ref() } {
        Some(client) => client.shared.error_text(part),
        None => without_client(pc_error::PC_ERROR_NULL, part),
    }
}

/// Makes a call in the place that the caller gave.
///
/// # Safety
///
/// `client` is NULL or a client, `call` NULL or a place for a pointer.
unsafe fn begin(
    client: *mut pc_async,
    call: *mut *mut pc_call,
    begin: impl FnOnce(&mut Async) -> Result<NonblockingCall<Outcome>, Problem>,
) -> pc_error {
    // SAFETY: the caller's.
    let Some(owner) = (unsafe { client.as_ref() }) else { return pc_error::PC_ERROR_NULL };
    owner.shared.enter(|state| {
        // SAFETY: the caller's.
        let place = unsafe { Place::new(call, "call") }?;
        let call = begin(state)?;
        place.set(Box::into_raw(Box::new(pc_call::new(Arc::clone(&owner.shared), state, call))));
        Ok(())
    })
}
