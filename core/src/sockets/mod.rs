//! What the clients over blocking sockets and over others share.

#[cfg_attr(not(feature = "nonblocking"), allow(dead_code, reason = "an event loop needs more of it"))]
mod attempts;
mod connection;
mod fork_safe;
mod home;
#[allow(unsafe_code, reason = "the page that tells of a fork is the kernel's, and beyond Rust's types")]
mod process;
#[allow(unsafe_code, reason = "rustix has this question of the kernel's in its general form alone")]
mod unacknowledged;

#[cfg(feature = "nonblocking")]
pub(crate) use attempts::Readiness;
pub(crate) use attempts::{Attempted, Attempts};
pub(crate) use connection::Connection;
pub(crate) use fork_safe::ForkSafe;
pub(crate) use home::Home;
pub use process::Process;

use crate::client::{Client, Knowledge, Settings, TIMED_OUT};
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

/// What this process knows of servers and names.
static KNOWLEDGE: ForkSafe<Knowledge> = ForkSafe::new(Knowledge::new());

/// Forgets what this process knows of servers and names, and gives the memory back. Clients that are there keep what they know. For a library before it is unloaded.
pub fn forget_servers() {
    KNOWLEDGE.with(|knowledge| *knowledge = Knowledge::new());
}

/// A client that learns together with all others of this process.
pub(crate) fn client<S>(settings: Settings) -> Client<S> {
    KNOWLEDGE.with(|knowledge| Client::with_knowledge(settings, knowledge))
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
