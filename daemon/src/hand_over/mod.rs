//! SIGUSR1: the program file that now stands where this one was started from takes over, in the same process.
//!
//! The way of it, and the format, are described in `docs/hand-over.md`. [`mod@upgrade`] is the side of the program that goes, [`mod@take_over`] that of the
//! one that comes; both find what they need on standard input.

mod memory;
mod parcel;
mod program;
mod take_over;
mod trial;
mod upgrade;

pub(crate) use program::Program;
pub(crate) use take_over::{TakeOverError, check, is_due, take_over, unwritten};
pub(crate) use upgrade::{UpgradeError, upgrade};
