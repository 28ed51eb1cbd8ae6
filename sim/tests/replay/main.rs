//! Recordings that are replayed: the model, the command and its speed.

#![allow(clippy::float_cmp, reason = "the same numbers everywhere is what is promised")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "whatever fails here is a failed test")]

mod advise;
mod command;
mod desk;
mod lab;
mod model;
mod refusals;
mod speed;
