//! The program from outside: its output and its exit status, against real daemons.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "whatever goes wrong in a test fails it")]

mod admin;
mod advise;
mod check;
mod daemon;
mod events;
mod generated;
mod odd;
mod program;
mod pty;
mod record;
mod route;
mod run;
mod stats;
mod timeouts;
mod told;
mod top;
mod usage;
