//! What the clients over blocking sockets and over others share.

mod connection;
mod home;

pub(crate) use connection::Connection;
pub(crate) use home::Home;

use crate::client::TIMED_OUT;
use std::io;

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
