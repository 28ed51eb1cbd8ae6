//! An upgrade (SIGUSR1): the program file that is now at this program's path takes over, in the same process.
//!
//! `docs/hand-over.md` describes the steps and the format. [`mod@upgrade`] is the old program's side. [`mod@take_over`] is the new program's side, which finds
//! everything on its standard input.

mod memory;
mod parcel;
mod program;
mod take_over;
mod trial;
mod upgrade;

pub(crate) use program::Program;
pub(crate) use take_over::{TakeOverError, check, is_due, take_over, unwritten};
pub(crate) use upgrade::{UpgradeError, upgrade};
