//! What a setting of `$wgPoolCounterConf` does to a wiki, before the day it matters.
//!
//! Readers, edits and parses are drawn by a seed; the wiki's web servers and the clients of the pool counter run in virtual time; the
//! locks are those of the daemon's own [`LockTable`](poolcounter::LockTable).
//!
//! ```
//! use poolcounter_sim::{Comparison, Preset, Simulation};
//!
//! // The first twelve minutes of breaking news, without a pool and with one.
//! let lab = Comparison::of(Preset::BreakingNews).with("duration", "720")?;
//! let without = Simulation::new(&lab.scenario, &lab.a)?.finish();
//! let with = Simulation::new(&lab.scenario, &lab.b)?.finish();
//! assert_eq!(without.totals.requests, with.totals.requests);
//! assert!(without.totals.parses > with.totals.parses);
//! # Ok::<(), poolcounter_sim::Invalid>(())
//! ```
//!
//! | module | what it knows |
//! | --- | --- |
//! | [`scenario`], [`setting`], [`preset`] | what is simulated, as plain data |
//! | [`field`] | name, unit and bounds of every value of a scenario |
//! | [`comparison`], [`query`] | two settings side by side; their text in an address |
//! | [`conf`] | a setting as text for LocalSettings.php |
//! | [`traffic`] | when requests come, and what a parse costs |
//! | [`simulation`] | what happens |
//! | [`outcome`] | the result |
//! | [`replay`] | recordings of real servers, played with other settings |
//! | [`archive`] | recordings in files |
//! | `progress` | what a long run does, on a line of a terminal (feature `std`) |

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod archive;
pub mod comparison;
pub mod conf;
pub mod curve;
mod farm;
pub mod field;
pub mod invalid;
mod meter;
pub mod outcome;
mod pages;
mod pool;
pub mod preset;
#[cfg(feature = "std")]
pub mod progress;
pub mod query;
mod random;
pub mod replay;
pub mod report;
pub mod scenario;
pub mod setting;
pub mod simulation;
pub mod traffic;
mod units;

pub use comparison::Comparison;
pub use curve::{Curve, Point};
pub use field::FIELDS;
pub use invalid::Invalid;
pub use outcome::Outcome;
pub use preset::Preset;
pub use report::Report;
pub use scenario::Scenario;
pub use setting::Setting;
pub use simulation::Simulation;
