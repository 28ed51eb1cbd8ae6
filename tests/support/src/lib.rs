//! Support for tests across components: it starts daemons, ours and the reference, and runs stories. A story is a scripted test in a text file.
//!
//! A test of the daemon begins like this:
//!
//! ```no_run
//! use poolcounter_test_support::{Client, Daemon};
//!
//! # fn main() -> anyhow::Result<()> {
//! let daemon = Daemon::ours(&["--max-clients", "5"])?;
//! let mut client = Client::connect(daemon.address())?;
//! assert_eq!(client.ask("ACQ4ME page 1 10 5\n")?, "LOCKED\n");
//! client.send(b"RELEASE\nRELEASE\n")?;
//! client.expect(b"RELEASED\nNOT_LOCKED\n")?;
//! daemon.settle()?;
//! client.expect_nothing()?;
//! # Ok(())
//! # }
//! ```

#![allow(clippy::missing_errors_doc, reason = "whatever goes wrong in a test is an error")]

mod admin;
mod affinity;
mod client;
mod counters;
mod daemon;
mod deadline;
mod deaf;
mod descriptors;
pub mod fuzz;
mod installed;
pub mod kernel;
mod margin;
mod network;
mod observe;
pub mod outage;
pub mod play;
mod pressure;
mod process;
mod program;
pub mod replay;
mod schedule;
mod scratch;
mod stage;
mod stats;
mod transcript;
mod tunnel;
mod within;

pub use admin::{Admin, AdminSocket, Reply};
pub use affinity::{Pinned, pin, processors};
pub use client::Client;
pub use counters::Counters;
pub use daemon::{Daemon, PORT};
pub use deadline::{Deadline, PATIENCE};
pub use deaf::Deaf;
pub use descriptors::{ReservedDescriptors, allow_descriptors};
pub use installed::Installed;
pub use network::{Network, in_own_network};
pub use pressure::Pressure;
pub use process::{Outcome, Process};
pub use program::{Program, built_for_release, run_to_end};
pub use scratch::{Scratch, workspace};
pub use stage::Stage;
pub use stats::masked;
pub use transcript::{Event, Name, Scene, Step, Story, merged, recorded};
pub use tunnel::{carry, tunnel};
