//! A recording of a lock table: every call into it with its time and its result. It can be replayed on another table.
//!
//! ```
//! use poolcounter::protocol::{Command, Line};
//! use poolcounter::recording::{Naming, Recording, Scope, Title, verify};
//! use poolcounter::{HashSeed, LockTable, Timestamp};
//!
//! let at = Timestamp::from_micros;
//! let mut table = LockTable::new(HashSeed::new(1, 2), at(0));
//! let title = Title { server: "pool1".into(), program: "test".into(), started: 1_795_772_144_000_000 };
//! let recorder = table.add_recorder(&title, Scope { groups: None, naming: Naming::Plain }, 1 << 20);
//! while table.recorder_advance(recorder, at(0), 1_795_772_144_000_000, 1000) {}
//!
//! let client = table.connect();
//! let _ = table.command(client, Command::parse(Line::of(b"ACQ4ANY page:1 1 10 5")), at(10));
//! let _ = table.command(client, Command::Release, at(2_000_010));
//! let mut file = table.recorder_take(recorder);
//! file.extend(table.remove_recorder(recorder));
//!
//! let recording = Recording::read(&file)?;
//! assert_eq!(recording.segments[0].calls.len(), 2);
//! assert_eq!(verify(&recording)?.answers, 2);
//! # Ok::<(), poolcounter::recording::RecordingError>(())
//! ```
//!
//! # Format
//!
//! A file begins with the bytes `poolcounter recording` and LF. Then come blocks. A block is the length of its content and the CRC-32 of its content, each as 4 bytes in little-endian order,
//! and its content. A block may be empty. The file may end anywhere: a block that is not complete is left out, and [`Recording::is_cut`] says so.
//!
//! The content of all blocks together is a row of values as [`postcard`](https://postcard.jamesmunns.com/wire-format) writes them: numbers take a byte for each 7 bits. The first is the
//! version, a byte. The second is the head: server, program, start, whether keys are anonymous, and the groups that were recorded. All others are
//! records. A block never ends within a record.
//!
//! | record | content |
//! | --- | --- |
//! | 0 segment | the table's clock and the wall clock, in microseconds; how many calls were left out before it; the statistics |
//! | 1 key | group and name of the next key: keys are numbered in their order from 0 in each segment. A key has a second number if its group was not known at first |
//! | 2 standing | a key's holders and waiters at the beginning of the segment |
//! | 3 complete | the standing of all keys has been written |
//! | 4 acquire, 5 release, 6 read, 7 left, 8 expiry, 9 statistic, 10 other, 11 counted | a call: the microseconds since the call before it, the client, the request, and the answer |
//! | 12 told | a message to a client that waited |
//!
//! A segment can be replayed without those before it. It begins with its *standing*: the holders and waiters of each key at the moment at which the segment begins. The standing is written in small parts between calls.
//! A key that is about to change is written first, so the standing is not changed by later calls. If calls were left out, because the caller did not take the bytes in time, a new segment begins.
//!
//! After an interruption a recording may continue in the same file. Then the first bytes and a head are written again. Anonymous keys have other numbers from there on.
//!
//! A read is recorded only if it cancels a timer, and an expiry only if a wait has timed out. All others change nothing.

mod anonymize;
mod block;
mod brief;
mod read;
mod record;
mod verify;
mod write;

pub use anonymize::Anonymizer;
pub use read::{Call, CallKind, Key, Reader, Recording, Segment, Tally, Told, Totals, whole_blocks};
pub use record::{Standing, StandingClaim};
pub use verify::{Difference, Verified, verify};
pub use write::head;
pub(crate) use write::{Entry, OTHER, Recorder};

use alloc::boxed::Box;
use alloc::vec::Vec;

/// The version of the format that is written.
pub const VERSION: u8 = 1;

/// The first bytes of a file.
pub const MAGIC: &[u8] = b"poolcounter recording\n";

/// A block without content. A file means the same with it and without it, so it can show that the sender is alive.
pub const EMPTY_BLOCK: [u8; 8] = [0; 8];

/// Where and when a recording was made. It is part of the head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Title {
    /// The server's name, for display.
    pub server: Box<str>,
    /// The version of the program that records.
    pub program: Box<str>,
    /// The wall clock at the start: microseconds since 1970, UTC.
    pub started: u64,
}

/// What is recorded, and how keys are named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The names of the groups; `None`: all keys. Without [figures](crate::LockTable::observe) all keys belong to `other`.
    pub groups: Option<Vec<Box<str>>>,
    /// How keys are named.
    pub naming: Naming,
}

/// How keys are named in a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// By their bytes, which may contain addresses of users.
    Plain,
    /// By numbers, made with these secret random bits. Equal keys have equal numbers within one recording.
    Anonymous(u64, u64),
}

/// Why bytes are not a recording.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// The bytes begin differently.
    #[error("this is not a recording of poolcounterd")]
    Foreign,
    /// The file ends before its head is complete.
    #[error("the recording is empty: it ends before its head is complete")]
    Empty,
    /// Another version of the format, newer than this program.
    #[error("the recording is of version {0}; this program reads versions up to {VERSION}")]
    Version(u8),
    /// A block whose checksum does not fit.
    #[error("the recording is damaged: its block {0} has another checksum than it should have")]
    Checksum(usize),
    /// A record that cannot be read.
    #[error("the recording is damaged: its block {0} has a record that cannot be read")]
    Record(usize),
    /// The records contradict each other.
    #[error("the recording contradicts itself: {0}")]
    Contradiction(&'static str),
}
