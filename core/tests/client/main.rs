//! The client's state machine, driven by hand in virtual time.

#![allow(clippy::expect_used)]

mod away;
mod conversation;
mod driver;
mod names;
mod shared;
