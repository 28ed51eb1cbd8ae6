//! The rules of PoolCounter, without I/O.
//!
//! PoolCounter protects a site from the stampede: many workers that compute the same result at the same moment.
//! A [`LockTable`] has the locks. Its caller passes each command with its time, and the table returns the answers to send.
//! It opens no socket, reads no clock, starts no thread and has no randomness of its own, so the same code works in a daemon, in a test in
//! virtual time and in a simulation in a browser.
//!
//! ```
//! use poolcounter::protocol::{Command, Line, Response};
//! use poolcounter::{HashSeed, LockTable, Timestamp};
//!
//! let start = Timestamp::from_micros(0);
//! let mut table = LockTable::new(HashSeed::new(1, 2), start);
//! let (anna, ben) = (table.connect(), table.connect());
//! let acquire = Command::parse(Line::of(b"ACQ4ANY page:1 1 10 5"));
//!
//! // Anna computes, Ben waits.
//! assert_eq!(table.command(anna, acquire, start), Some(Response::Locked));
//! assert_eq!(table.command(ben, acquire, start), None);
//!
//! // Two seconds later Anna has finished: Ben is told so before Anna is answered.
//! let later = start.after_secs(2);
//! let answer = table.command(anna, Command::Release, later);
//! let wakeup = table.next_wakeup().expect("Ben was waiting");
//! assert_eq!((wakeup.client, wakeup.response), (ben, Response::Done));
//! assert_eq!(answer, Some(Response::Released));
//! assert!(table.is_idle());
//! ```
//!
//! | module | contents |
//! | --- | --- |
//! | [`protocol`] | lines, commands, answers, and their bytes |
//! | [`table`] | holders and waiters of each key |
//! | [`event`] | the changes of a claim to a key |
//! | [`stats`] | the counters and the text of `STATS` |
//! | [`key`] | the text form of keys, and the groups that they belong to |
//! | [`figures`] | what operators ask for: figures by group, hot keys, the last ten minutes |
//! | [`recording`] | a file of every call into the table, which can be replayed |
//! | [`route`] | which server a key belongs to |
//! | [`client`] | a conversation with a server, from the client's side |
//! | `blocking`, `nonblocking` | the parts with I/O, each behind the feature of its name: sockets for [`client`], for threads and for event loops |
//!
//! # Unsafe code
//!
//! Without these features there is none, and the compiler forbids it. With them it is in two modules. `sockets::process` uses a page of memory
//! to detect a fork (`Process`). `sockets::unacknowledged` makes a system call for which no library has a function.

#![cfg_attr(not(feature = "sockets"), no_std, forbid(unsafe_code))]
#![deny(unsafe_code)]

extern crate alloc;

#[cfg(feature = "blocking")]
pub mod blocking;
pub mod client;
pub mod event;
pub mod figures;
pub mod key;
#[cfg(feature = "nonblocking")]
pub mod nonblocking;
pub mod protocol;
pub mod recording;
pub mod route;
#[cfg(feature = "sockets")]
mod sockets;
pub mod stats;
pub mod table;
mod time;

#[cfg(feature = "nonblocking")]
pub use sockets::looked_up;
#[cfg(feature = "sockets")]
pub use sockets::{Process, forget_servers};
pub use table::{ClientId, HashSeed, LockTable, Wakeup};
pub use time::Timestamp;

// Its example is a test.
#[cfg(all(doctest, feature = "blocking"))]
#[doc = include_str!("../README.md")]
mod readme {}
