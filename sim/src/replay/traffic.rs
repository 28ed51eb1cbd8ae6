//! What recordings tell: requests, their reactions, and how long work took.

use super::change::Recorded;
use super::figures::Meter;
use super::hold::{Hold, Samples};
use super::reading::Reading;
use crate::units::seconds;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Range;
use poolcounter::protocol::Mode;
use poolcounter::recording::{Recording, RecordingError};

/// The traffic of recordings, ready to be played.
#[derive(Debug)]
pub struct Traffic {
    pub(super) sources: Vec<Source>,
    /// The wall clock at moment 0: microseconds since 1970, UTC.
    pub(super) began: u64,
    /// The last moment.
    pub(super) end: u64,
    pub(super) groups: Vec<Group>,
    pub(super) keys: Vec<Key>,
    pub(super) pages: u32,
    pub(super) worlds: Vec<World>,
    /// In the order of their moments.
    pub(super) requests: Vec<Request>,
    pub(super) holds: Vec<Hold>,
    /// The results of all keys.
    pub(super) results: Vec<Wanted>,
    pub(super) samples: Samples,
    /// What happened, as a run would report it.
    pub(super) recorded: Meter,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) server: Box<str>,
    pub(super) anonymous: bool,
    pub(super) is_cut: bool,
    pub(super) calls: u64,
    pub(super) left_out: u64,
    pub(super) segments: u64,
    pub(super) groups: Option<Vec<Box<str>>>,
    /// When each part begins and ends: microseconds since 1970, UTC.
    pub(super) spans: Vec<(u64, u64)>,
}

#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) name: Box<str>,
    /// Limits that were asked for, and how often; fastStale's first question is not among them. Those of requests that never wait are, if there are no others.
    pub(super) limits: Vec<(Limits, u64)>,
    /// fastStale pairs.
    pub(super) pairs: u64,
    /// How long after its first answer the second question of a pair comes: the median.
    pub(super) pair_gap: u64,
    /// Answers `DONE`, and second tries after them.
    pub(super) dones: u64,
    pub(super) retries: u64,
    pub(super) retry_gap: u64,
    pub(super) for_anyone: u64,
    pub(super) for_me: u64,
    /// Whether all its keys are slots, so that their pages are not known.
    pub(super) in_slots: bool,
    pub(super) anonymous: bool,
    /// The most works at once.
    pub(super) most_works: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) group: u32,
    pub(super) page: u32,
    pub(super) name: Box<[u8]>,
}

/// A segment, from its beginning to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct World {
    pub(super) begin: u64,
    pub(super) end: u64,
    /// The requests that stand at the beginning.
    pub(super) standing: Range<usize>,
}

/// The numbers of an acquire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize, serde::Serialize)]
pub struct Limits {
    /// How many may hold a key.
    pub workers: u32,
    /// How many may hold it or wait for it.
    pub maxqueue: u32,
    /// How many seconds to wait at most.
    pub timeout: u32,
}

/// A result for which readers asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) first_request: u64,
    pub(super) requests: u64,
    /// When the first work for it ended.
    pub(super) stored: Option<u64>,
}

/// One request of one client.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) at: u64,
    /// Orders what happens at one moment.
    pub(super) rank: u64,
    pub(super) world: u32,
    pub(super) key: u32,
    pub(super) mode: Mode,
    pub(super) limits: Limits,
    /// It asked first with timeout 0.
    pub(super) at_once: bool,
    pub(super) standing: Option<Standing>,
    /// The number of the result that it wants. A key's results are numbered from 1.
    pub(super) wanted: u32,
    /// The same among the results of all keys, if it is for anyone.
    pub(super) result: Option<u32>,
    /// It finds what was stored before this moment.
    pub(super) looked: u64,
    pub(super) after_not_free: Reaction,
    pub(super) after_done: Reaction,
    /// It ended its wait by itself.
    pub(super) leaves: Option<Leaving>,
    /// After so long a wait its timer was cancelled, because it sent something.
    pub(super) sends: Option<u64>,
    /// The work that it did.
    pub(super) hold: Option<u32>,
}

/// What was held or waited for at the beginning of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Holder,
    Waiter {
        /// When it asked, in microseconds before the beginning.
        since: u64,
        /// Whether its wait has an end.
        timed: bool,
    },
}

/// What a request does after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reaction {
    /// There was no such answer in the recording.
    Unknown,
    /// It has what it wants.
    Content,
    /// It asks again.
    Again { gap: u64, rank: u64 },
}

/// How a client ended its wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Leaving {
    /// After so long a wait.
    pub(super) after: u64,
    pub(super) rank: u64,
    /// Whether this was in the second try.
    pub(super) retry: bool,
    /// By `RELEASE`, which tells others that the work is done.
    pub(super) releases: bool,
}

/// What is known of a group, for those who choose a setting for it.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupInfo {
    /// Its name.
    pub name: String,
    /// The pool types of MediaWiki that ask for its keys.
    pub pools: Vec<String>,
    /// How many requests there are.
    pub requests: u64,
    /// The limits that were asked for most often.
    pub limits: Limits,
    /// How many other limits there were.
    pub other_limits: u64,
    /// Whether it asked with fastStale.
    pub fast_stale: bool,
    /// Whether its requests can use the results of others.
    pub for_anyone: bool,
    /// Whether other slots can be tried: its keys are known, and no slots.
    pub slots: bool,
}

impl GroupInfo {
    /// What a new setting does not name.
    #[must_use]
    pub const fn recorded(&self) -> Recorded {
        Recorded { limits: self.limits, fast_stale: self.fast_stale, slots: self.slots }
    }

    /// Its name, and its pool types in brackets if they have other names.
    #[must_use]
    pub fn title(&self) -> String {
        let pools: Vec<&str> = self.pools.iter().filter(|pool| **pool != self.name).map(String::as_str).collect();
        let pools = if pools.is_empty() { String::new() } else { format!(" ({})", pools.join(", ")) };
        format!("{}{pools}", self.name)
    }
}

impl Traffic {
    /// Reads recordings: those of several servers, and several of one server.
    ///
    /// # Errors
    ///
    /// If a recording contradicts itself, or is longer than a year.
    pub fn of(recordings: &[Recording]) -> Result<Self, RecordingError> {
        Ok(Reading::of(recordings)?.finish())
    }

    /// The groups, in the order of their names.
    #[must_use]
    pub fn groups(&self) -> Vec<GroupInfo> {
        let info = |(number, group): (usize, &Group)| GroupInfo {
            name: group.name.to_string(),
            pools: super::pools_of(&group.name),
            requests: self.recorded.figures(number).requests,
            limits: group.limits(),
            other_limits: group.limits.len().saturating_sub(1) as u64,
            fast_stale: group.pairs > 0,
            for_anyone: group.for_anyone > 0,
            slots: !group.anonymous && !group.in_slots,
        };
        self.groups.iter().enumerate().map(info).collect()
    }

    /// How many seconds there are from the first moment to the last.
    #[must_use]
    pub fn duration(&self) -> f64 {
        seconds(self.end)
    }

    /// How many requests there are.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.requests.len()
    }

    pub(super) fn group_named(&self, name: &str) -> Option<usize> {
        self.groups.iter().position(|group| *group.name == *name)
    }

    /// The most works at once, of all groups.
    pub(super) fn most_works(&self) -> u64 {
        self.recorded.most_works()
    }
}

/// [`Traffic`] that is read in slices, so that a program can show progress and stop.
#[derive(Debug)]
pub struct TrafficReading(Reading<'static>);

impl TrafficReading {
    /// At the beginning.
    ///
    /// # Errors
    ///
    /// As [`Traffic::of`].
    pub fn new(recordings: Vec<Recording>) -> Result<Self, RecordingError> {
        Reading::of_owned(recordings).map(Self)
    }

    /// Reads at most this number of calls. Gives the progress, from 0 to exactly 1.
    pub fn advance(&mut self, calls: u32) -> f64 {
        self.0.advance(calls)
    }

    /// Reads the rest, and gives the traffic.
    #[must_use]
    pub fn finish(self) -> Traffic {
        self.0.finish()
    }
}

impl Group {
    /// The limits that were asked for most often.
    pub(super) fn limits(&self) -> Limits {
        let most = self.limits.iter().max_by_key(|(limits, count)| (*count, core::cmp::Reverse(*limits)));
        most.map_or(Limits { workers: 1, maxqueue: 1, timeout: 0 }, |(limits, _)| *limits)
    }
}
