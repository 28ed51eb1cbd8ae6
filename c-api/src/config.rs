//! How a client behaves.

use crate::arguments::{Place, milliseconds, number, switch, text};
use crate::boundary::{caught, free, here};
use crate::error::{Problem, pc_error};
use crate::last_error::{LastError, Part, without_client};
use poolcounter::client::{KeyDistribution, Server, Settings};
use poolcounter::route::{MAX_WEIGHT, Ring};
use poolcounter_c_macros::c_function;
use std::ffi::c_char;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// How long a thread sleeps between two attempts to enter. It seldom waits, and not for long.
const RETRY_PAUSE: Duration = Duration::from_micros(50);

/// The configuration of clients. A client copies it, so one configuration may serve many clients. Several threads may
/// use it at once; one waits for the other. Only one thread may free it, when no other uses it.
pub struct pc_config {
    /// The process in which a thread is inside; 0 if none is. It is no mutex: a thread that has it when the process forks
    /// would have it in the child for ever.
    inside: AtomicU64,
    /// From a box. It is changed as a whole, so a child finds it good whatever its parent was at.
    current: AtomicPtr<Config>,
}

impl pc_config {
    /// Runs `body` when no other thread is inside. It must not panic.
    fn alone<R>(&self, body: impl FnOnce(&Config) -> R) -> R {
        let here = here();
        let taken = |from| self.inside.compare_exchange(from, here, Ordering::Acquire, Ordering::Relaxed);
        while let Err(other) = taken(0) {
            // The thread of another process was one of the parent.
            if other != here && taken(other).is_ok() {
                break;
            }
            thread::sleep(RETRY_PAUSE);
        }
        // SAFETY: it came from a box, and only a thread that is inside frees it.
        let result = body(unsafe { &*self.current.load(Ordering::Relaxed) });
        self.inside.store(0, Ordering::Release);
        result
    }

    /// Runs `body` with a copy, which takes its place.
    fn change<R>(&self, body: impl FnOnce(&mut Config) -> R) -> R {
        self.alone(|current| {
            let mut copy = Box::new(current.clone());
            let result = body(&mut copy);
            let old = self.current.swap(Box::into_raw(copy), Ordering::AcqRel);
            // SAFETY: it came from a box, and no thread reads it any more.
            drop(unsafe { Box::from_raw(old) });
            result
        })
    }
}

impl Drop for pc_config {
    fn drop(&mut self) {
        // SAFETY: it came from a box.
        drop(unsafe { Box::from_raw(*self.current.get_mut()) });
    }
}

#[derive(Clone)]
struct Config {
    /// All but the ring.
    settings: Settings,
    /// For each server a label and a weight, if keys belong to servers by a ring.
    nodes: Vec<(String, u32)>,
    last_error: LastError,
}

impl Config {
    fn add(&mut self, server: &str, node: Option<(String, u32)>) -> Result<(), Problem> {
        let ring = !self.nodes.is_empty();
        if !self.settings.servers().is_empty() && ring != node.is_some() {
            return Err(Problem::new(pc_error::PC_ERROR_INVALID, "servers of a ring and others cannot be mixed"));
        }
        let server =
            Server::parse(server).map_err(|error| Problem::new(pc_error::PC_ERROR_BAD_SERVER, error.to_string()))?;
        self.settings.add_server(server);
        self.nodes.extend(node);
        Ok(())
    }

    fn settings(&self) -> Result<Settings, Problem> {
        if self.settings.servers().is_empty() {
            return Err(Problem::new(pc_error::PC_ERROR_NO_SERVER, "the configuration names no server"));
        }
        let mut settings = self.settings.clone();
        if !self.nodes.is_empty() {
            if self.nodes.iter().all(|(_, weight)| *weight == 0) {
                return Err(Problem::new(pc_error::PC_ERROR_NO_SERVER, "every server's weight is 0"));
            }
            let ring = Ring::new(self.nodes.iter().map(|(label, weight)| (label, *weight)));
            settings.key_distribution(KeyDistribution::Ring(ring));
        }
        Ok(settings)
    }
}

/// The settings of a configuration, for a client that is made.
///
/// # Safety
///
/// `config` is NULL or a configuration.
pub(crate) unsafe fn settings(config: *const pc_config) -> Result<Settings, pc_error> {
    let mut settings = None;
    // SAFETY: the caller's.
    let code = unsafe { enter(config, |config| config.settings().map(|made| settings = Some(made))) };
    settings.ok_or(code)
}

/// # Safety
///
/// `config` is NULL or a configuration.
unsafe fn enter(config: *const pc_config, body: impl FnOnce(&mut Config) -> Result<(), Problem>) -> pc_error {
    // SAFETY: the caller's.
    let Some(config) = (unsafe { config.as_ref() }) else { return pc_error::PC_ERROR_NULL };
    config.change(|config| {
        let problem = match caught(|| body(config)) {
            Some(Ok(())) => return pc_error::PC_OK,
            Some(Err(problem)) => problem,
            None => Problem::new(pc_error::PC_ERROR_INTERNAL, "internal error"),
        };
        config.last_error.set(&problem);
        problem.code
    })
}

/// Makes a configuration without servers. The pc_config_set_...() functions change its defaults: 100 ms to connect, one
/// attempt, at least 1,000 ms for an answer, 4,000 ms on a new connection, 1,000 ms for which a server that gave no
/// answer is avoided, 8 idle connections for 60,000 ms each, no wait for a release's answer. Free it with
/// pc_config_free().
#[c_function]
pub unsafe fn pc_config_new(config: *mut *mut pc_config) -> pc_error {
    // SAFETY: the conventions.
    let Ok(place) = (unsafe { Place::new(config, "config") }) else { return pc_error::PC_ERROR_NULL };
    let config = Config { settings: Settings::new(Vec::new()), nodes: Vec::new(), last_error: LastError::none() };
    let current = AtomicPtr::new(Box::into_raw(Box::new(config)));
    place.set(Box::into_raw(Box::new(pc_config { inside: AtomicU64::new(0), current })));
    pc_error::PC_OK
}

/// Frees a configuration and sets the pointer to NULL. Clients that were made from it are not affected.
#[c_function]
pub unsafe fn pc_config_free(config: *mut *mut pc_config) {
    // SAFETY: the conventions.
    unsafe { free(config, |_| Some(())) }
}

/// Adds a server: host, host:port, [address]:port, or unix:/path. Keys are distributed by MediaWiki's rule: the key and
/// these texts decide the order of the servers, and the next server gets the keys of a server that is away.
#[c_function]
pub unsafe fn pc_config_add_server(config: *mut pc_config, server: *const c_char) -> pc_error {
    // SAFETY: the conventions.
    unsafe { enter(config, |config| config.add(text(server, "server")?, None)) }
}

/// Adds a server to a ring, which distributes keys by python-poolcounter's rule, with a label and a weight (0 to 1000).
/// Each key has one server; no other server is asked if it is away.
#[c_function]
pub unsafe fn pc_config_add_ring_server(
    config: *mut pc_config,
    label: *const c_char,
    server: *const c_char,
    weight: i64,
) -> pc_error {
    let add = |config: &mut Config| {
        let weight = number(weight, 0..=i64::from(MAX_WEIGHT), "weight")?;
        // SAFETY: the conventions.
        let (label, server) = unsafe { (text(label, "label")?, text(server, "server")?) };
        config.add(server, Some((label.to_owned(), weight)))
    };
    // SAFETY: the conventions.
    unsafe { enter(config, add) }
}

/// How many milliseconds connecting may take, at least 1; at most twice as long to a name with several addresses.
#[c_function]
pub unsafe fn pc_config_set_connect_timeout_ms(config: *mut pc_config, ms: i64) -> pc_error {
    // SAFETY: the conventions.
    unsafe { enter(config, |config| set(config, Settings::connect_timeout, milliseconds(ms, 1, "ms"))) }
}

/// Whether to try a second time, a millisecond later, if connecting failed: 0 or 1.
#[c_function]
pub unsafe fn pc_config_set_connect_twice(config: *mut pc_config, on: i32) -> pc_error {
    // SAFETY: the conventions.
    unsafe { enter(config, |config| set(config, Settings::connect_twice, switch(on, "on"))) }
}

/// The least number of milliseconds to wait for an answer, at least 1. An acquire waits for 1.5 times its own timeout,
/// if that is more. If the server answers at once, as to an acquire with timeout 0, this is the time on a connection
/// that has answered before.
#[c_function]
pub unsafe fn pc_config_set_min_answer_timeout_ms(config: *mut pc_config, ms: i64) -> pc_error {
    // SAFETY: the conventions.
    unsafe { enter(config, |config| set(config, Settings::min_answer_timeout, milliseconds(ms, 1, "ms"))) }
}

/// How many milliseconds to wait for an answer on a new connection if the server answers at once, at least 1; never
/// less than the time of pc_config_set_min_answer_timeout_ms(). A server needs seconds to accept many connections at
/// once.
#[c_function]
pub unsafe fn pc_config_set_first_answer_timeout_ms(config: *mut pc_config, ms: i64) -> pc_error {
    // SAFETY: the conventions.
    unsafe { enter(config, |config| set(config, Settings::first_answer_timeout, milliseconds(ms, 1, "ms"))) }
}

/// For how many milliseconds, at least, a server that gave no answer in time is avoided; 0 or more. The time doubles
/// with each further failure, up to 10,000. A server that refused a connection is tried last for this time, 1,000 at
/// most.
#[c_function]
pub unsafe fn pc_config_set_avoid_for_ms(config: *mut pc_config, ms: i64) -> pc_error {
    // SAFETY: the conventions.
    unsafe { enter(config, |config| set(config, Settings::avoid_for, milliseconds(ms, 0, "ms"))) }
}

/// A connection that was idle for more milliseconds than this is not reused; 0 or more.
#[c_function]
pub unsafe fn pc_config_set_max_idle_time_ms(config: *mut pc_config, ms: i64) -> pc_error {
    // SAFETY: the conventions.
    unsafe { enter(config, |config| set(config, Settings::max_idle_time, milliseconds(ms, 0, "ms"))) }
}

/// How many idle connections are kept, from 0 to 10,000.
#[c_function]
pub unsafe fn pc_config_set_max_idle_connections(config: *mut pc_config, connections: i64) -> pc_error {
    // SAFETY: the conventions.
    unsafe {
        enter(config, |config| {
            set(config, Settings::max_idle_connections, number(connections, 0..=10_000, "connections"))
        })
    }
}

/// Whether a release waits for its answer: 0 or 1. With 0 the answer is known beforehand, and is read before the
/// connection's next command.
#[c_function]
pub unsafe fn pc_config_set_await_release(config: *mut pc_config, on: i32) -> pc_error {
    // SAFETY: the conventions.
    unsafe { enter(config, |config| set(config, Settings::await_release, switch(on, "on"))) }
}

/// Whether the caller of a pc_async looks up the names of servers, so that nothing blocks: 0 or 1. A pc_client always
/// does it itself.
///
/// With 1, pc_call_progress() may set `look_up` to the index of a server. The caller then begins to look up its host,
/// pc_async_server_host(), and later gives the result to pc_looked_up(). Meanwhile the call continues as `wait` says.
/// An address is never looked up. A name is looked up at most once a minute in the whole process, or once in ten
/// seconds if it is not found or its addresses do not answer.
#[c_function]
pub unsafe fn pc_config_set_look_ups_by_caller(config: *mut pc_config, on: i32) -> pc_error {
    // SAFETY: the conventions.
    unsafe { enter(config, |config| set(config, Settings::look_ups_by_caller, switch(on, "on"))) }
}

/// Why the last call with this configuration failed, or an empty text. The text is valid until the next call with it,
/// in any thread.
#[c_function]
pub unsafe fn pc_config_error_cause(config: *const pc_config) -> *const c_char {
    // SAFETY: the conventions.
    match unsafe { config.as_ref() } {
        Some(config) => config.alone(|config| config.last_error.part(Part::Cause)),
        None => without_client(pc_error::PC_ERROR_NULL, Part::Cause),
    }
}

fn set<T>(
    config: &mut Config,
    setter: fn(&mut Settings, T) -> &mut Settings,
    value: Result<T, Problem>,
) -> Result<(), Problem> {
    setter(&mut config.settings, value?);
    Ok(())
}

/// A client made from a configuration, in the place that the caller gave.
///
/// # Safety
///
/// `place` is NULL or a place for a pointer; `config` is NULL or a configuration.
pub(crate) unsafe fn make<T>(
    config: *const pc_config,
    client: *mut *mut T,
    make: impl FnOnce(Settings) -> T,
) -> pc_error {
    // SAFETY: the caller's.
    let Ok(place) = (unsafe { Place::new(client, "client") }) else { return pc_error::PC_ERROR_NULL };
    // SAFETY: the caller's.
    match unsafe { settings(config) } {
        Ok(settings) => {
            place.set(Box::into_raw(Box::new(make(settings))));
            pc_error::PC_OK
        }
        Err(code) => code,
    }
}
