//! Tests of the client's state machine in virtual time, with a simple driver.

#![allow(clippy::expect_used)]

mod away;
mod conversation;
mod driver;
mod names;
#[cfg(feature = "sockets")]
mod shared;
