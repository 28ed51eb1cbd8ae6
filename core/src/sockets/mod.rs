//! Code that the clients over blocking and non-blocking sockets share.

#[cfg_attr(not(feature = "nonblocking"), allow(dead_code, reason = "an event loop needs more of it"))]
mod attempts;
mod brief;
mod connection;
mod fork_guard;
#[allow(unsafe_code, reason = "the page that tells of a fork is the kernel's, and beyond Rust's types")]
mod process;
#[allow(unsafe_code, reason = "rustix has this question of the kernel's in its general form alone")]
mod unacknowledged;

#[cfg(feature = "nonblocking")]
pub(crate) use attempts::Readiness;
pub(crate) use attempts::{Attempted, Attempts};
pub(crate) use brief::Brief;
pub(crate) use connection::Connection;
pub(crate) use fork_guard::ForkGuard;
pub use process::Process;

use crate::Timestamp;
use crate::client::{Client, Knowledge, Settings, TIMED_OUT};
use rustix::time::{ClockId, clock_gettime};
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

/// The state of servers and names, with a slot for each process. A child that was forked does not use its parent's slot: a thread of the parent may have held the mutex
/// at that moment, and the child's copy would stay locked.
static KNOWLEDGE: [Brief<Knowledge>; 16] = [const { Brief::new(Knowledge::new()) }; 16];

fn with_knowledge<R>(body: impl FnOnce(&mut Knowledge) -> R) -> R {
    // A child's number follows its parent's. Where the number is the system's process id, two processes may share a slot by chance.
    let slot = Process::current().as_u64() % KNOWLEDGE.len() as u64;
    let knowledge = usize::try_from(slot).ok().and_then(|slot| KNOWLEDGE.get(slot));
    knowledge.unwrap_or(&KNOWLEDGE[0]).with(body)
}

/// Forgets the state of servers and names in this process, and frees the memory. Existing clients keep their state. For a library before it is unloaded.
pub fn forget_servers() {
    for knowledge in &KNOWLEDGE {
        knowledge.with(|knowledge| *knowledge = Knowledge::new());
    }
}

/// Gives all clients of this process the result of a look-up of a host: the addresses as texts, or why there are none. Any thread may call it.
#[cfg(feature = "nonblocking")]
pub fn looked_up(host: &str, found: Result<Vec<String>, String>) {
    with_knowledge(|knowledge| knowledge.looked_up(host, found, now()));
}

/// The system's monotonic clock: all clients have the same one, and a child that was forked goes on with it.
pub(crate) fn now() -> Timestamp {
    let time = clock_gettime(ClockId::Monotonic);
    // Neither is negative.
    Timestamp::from_micros(time.tv_sec.unsigned_abs() * 1_000_000 + time.tv_nsec.unsigned_abs() / 1000)
}

/// A client that shares the state of servers and names with all others of this process.
pub(crate) fn client<S>(settings: Settings) -> Client<S> {
    with_knowledge(|knowledge| Client::with_knowledge(settings, knowledge))
}

/// Looks a name up by the system, which may take long.
pub(crate) fn look_up(host: &str) -> Result<Vec<String>, String> {
    (host, 0).to_socket_addrs().map(|found| found.map(written).collect()).map_err(|error| reason(&error))
}

/// An address with its zone, which the standard library leaves out.
fn written(address: SocketAddr) -> String {
    match address {
        SocketAddr::V6(address) if address.scope_id() != 0 => format!("{}%{}", address.ip(), address.scope_id()),
        _ => address.ip().to_string(),
    }
}

/// The error's text alone, as the C library has it.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = match error.kind() {
        // Made by the standard library, without the system's words.
        io::ErrorKind::TimedOut => TIMED_OUT.to_owned(),
        _ => error.to_string(),
    };
    match error.raw_os_error() {
        Some(number) => text.trim_end_matches(&format!(" (os error {number})")).to_owned(),
        None => text,
    }
}
