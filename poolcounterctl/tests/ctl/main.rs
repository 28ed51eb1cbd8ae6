//! The program from outside: its output and its exit status, against real daemons.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "whatever goes wrong in a test fails it")]

mod check;
mod program;
mod route;
mod run;
mod stats;
mod usage;
