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

/// The configuration of clients. It is copied when a client is made, and may serve many. Several threads may use it
/// at once, but for freeing it; one waits for the other.
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

/// Makes a configuration without servers: 100 ms to connect, once; at least 1,000 ms for an answer, and 4,000 ms for
/// the first one of a connection; a server that gave no answer is not asked for at least 1,000 ms; 8 connections are
/// kept without use, for 60,000 ms; a release is not waited for. Free it with pc_config_free().
#[c_function]
pub unsafe fn pc_config_new(config: *mut *mut pc_config) -> pc_error {
    // SAFETY: the conventions.
    let Ok(place) = (unsafe { Place::new(config, "config") }) else { return pc_error::PC_ERROR_NULL };
    let config = Config { settings: Settings::new(Vec::new()), nodes: Vec::new(), last_error: LastError::none() };
    let current = AtomicPtr::new(Box::into_raw(Box::new(config)));
    place.set(Box::into_raw(Box::new(pc_config { inside: AtomicU64::new(0), current })));
    pc_error::PC_OK
}

/// Frees a configuration and leaves NULL behind. Clients that were made from it go on.
#[c_function]
pub unsafe fn pc_config_free(config: *mut *mut pc_config) {
    // SAFETY: the conventions.
    unsafe { free(config, |_| Some(())) }
}

/// Adds a server: host, host:port, [address]:port, or unix:/path. Keys are spread over such servers as MediaWiki
/// does it: all in an order that depends on the key and on these texts, the next one if one is away.
#[c_function]
pub unsafe fn pc_config_add_server(config: *mut pc_config, server: *const c_char) -> pc_error {
    // SAFETY: the conventions.
    unsafe { enter(config, |config| config.add(text(server, "server")?, None)) }
}

/// Adds a server to a ring, which spreads keys as python-poolcounter does: by label and weight (0 to 1000), one
/// server a key, without another when it is away.
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

/// How many milliseconds a connection may take to be made, from 1 on; at most twice as long to a name with several
/// addresses.
#[c_function]
pub unsafe fn pc_config_set_connect_timeout_ms(config: *mut pc_config, ms: i64) -> pc_error {
    // SAFETY: the conventions.
    unsafe { enter(config, |config| set(config, Settings::connect_timeout, milliseconds(ms, 1, "ms"))) }
}

/// Whether a connection that could not be made is tried a second time, a millisecond later: 0 or 1.
#[c_function]
pub unsafe fn pc_config_set_connect_twice(config: *mut pc_config, on: i32) -> pc_error {
    // SAFETY: the conventions.
    unsafe { enter(config, |config| set(config, Settings::connect_twice, switch(on, "on"))) }
}

/// The least number of milliseconds to wait for an answer, from 1 on. An acquire waits longer if its own timeout asks
/// for it. An answer that is due at once, as that to an acquire with timeout 0, has this time on a connection that
/// has answered before.
#[c_function]
pub unsafe fn pc_config_set_min_answer_timeout_ms(config: *mut pc_config, ms: i64) -> pc_error {
    // SAFETY: the conventions.
    unsafe { enter(config, |config| set(config, Settings::min_answer_timeout, milliseconds(ms, 1, "ms"))) }
}

/// How many milliseconds an answer that is due at once may take on a connection that has not answered before, from 1
/// on; at least the time of pc_config_set_min_answer_timeout_ms(). A server that is asked by many at once takes seconds
/// to accept all of them.
#[c_function]
pub unsafe fn pc_config_set_first_answer_timeout_ms(config: *mut pc_config, ms: i64) -> pc_error {
    // SAFETY: the conventions.
    unsafe { enter(config, |config| set(config, Settings::first_answer_timeout, milliseconds(ms, 1, "ms"))) }
}

/// From 0 on: for how many milliseconds a server that refused is tried last, 1,000 at the most; and for how many, at
/// the least, one that gave no answer in time is not asked at all. That time doubles with each further failure, up to
/// 10,000.
#[c_function]
pub unsafe fn pc_config_set_avoid_for_ms(config: *mut pc_config, ms: i64) -> pc_error {
    // SAFETY: the conventions.
    unsafe { enter(config, |config| set(config, Settings::avoid_for, milliseconds(ms, 0, "ms"))) }
}

/// A connection that was idle for more milliseconds than this, from 0 on, is not used again.
#[c_function]
pub unsafe fn pc_config_set_max_idle_time_ms(config: *mut pc_config, ms: i64) -> pc_error {
    // SAFETY: the conventions.
    unsafe { enter(config, |config| set(config, Settings::max_idle_time, milliseconds(ms, 0, "ms"))) }
}

/// How many connections are kept without use, from 0 to 10,000.
#[c_function]
pub unsafe fn pc_config_set_max_idle_connections(config: *mut pc_config, connections: i64) -> pc_error {
    // SAFETY: the conventions.
    unsafe {
        enter(config, |config| {
            set(config, Settings::max_idle_connections, number(connections, 0..=10_000, "connections"))
        })
    }
}

/// Whether a release waits for its answer: 0 or 1. Without that it is known beforehand, and read before the
/// connection's next command.
#[c_function]
pub unsafe fn pc_config_set_await_release(config: *mut pc_config, on: i32) -> pc_error {
    // SAFETY: the conventions.
    unsafe { enter(config, |config| set(config, Settings::await_release, switch(on, "on"))) }
}

/// Whether a pc_async leaves it to its caller to look names of servers up, so that nothing blocks: 0 or 1. A
/// pc_client does it itself.
///
/// With 1, pc_call_progress() may set `look_up` to the index of a server. The caller then begins to look up its host,
/// pc_async_server_host(), and gives the result to pc_looked_up() when it has it. Meanwhile the call goes on as
/// `wait` says. An address is never looked up. A name is, at most once a minute, or once in ten seconds if it is not
/// found or its addresses do not answer, whatever the number of clients.
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
