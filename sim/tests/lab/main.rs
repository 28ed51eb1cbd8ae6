//! The simulation from outside.

#![allow(clippy::float_cmp, reason = "the same numbers everywhere is what is promised")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "whatever fails here is a failed test")]

mod address;
mod command;
mod crowd;
mod days;
mod golden;
mod properties;
mod queueing;
mod speed;
