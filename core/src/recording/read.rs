//! Reads a recording.

use super::record::{Head, Name, Record, Standing};
use super::{MAGIC, RecordingError, Title, VERSION, block};
use crate::Timestamp;
use crate::protocol::{Mode, Response};
use crate::table::SavedStatistics;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// A recording that was read completely.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recording {
    /// Where and when it was made.
    pub title: Title,
    /// Whether keys are named by numbers.
    pub anonymous: bool,
    /// The groups that were recorded; `None`: all.
    pub groups: Option<Vec<Box<str>>>,
    /// The parts without gaps, in their order.
    pub segments: Vec<Segment>,
    /// Whether the file ends within a block or a segment's standing. What was cut off is not in `segments`.
    pub is_cut: bool,
}

/// A part without a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Segment {
    /// The table's clock at the beginning.
    pub clock: Timestamp,
    /// The wall clock at the beginning: microseconds since 1970, UTC.
    pub wall: u64,
    /// How many calls were left out before it. Those of a segment whose standing was not complete are among them, and a call whose messages were left out.
    pub left_out: u64,
    /// Whether it goes on where the segment before it in [`Recording::segments`] ends: no call is missing between them.
    pub continues: bool,
    /// The keys, by their numbers.
    pub keys: Vec<Key>,
    /// What was held and waited for at the beginning.
    pub standing: Vec<Standing>,
    /// The calls, in their order.
    pub calls: Vec<Call>,
    /// The messages to waiters, in their order.
    pub told: Vec<Told>,
    pub(crate) statistics: SavedStatistics,
}

/// A key of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Key {
    /// Its group.
    pub group: Box<str>,
    /// Its bytes. An anonymous key has 16 hexadecimal digits instead.
    pub name: Box<[u8]>,
}

/// A call into the table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Call {
    /// Its time, by the table's clock.
    pub at: Timestamp,
    /// The client's number; 0 where there is none. After a client has left, another one may get the number.
    pub client: u32,
    /// The request.
    pub kind: CallKind,
    /// The answer; `None`: the client waits, or there is no answer.
    pub answer: Option<Response>,
    /// How many of [`Segment::told`] it caused.
    pub told: u32,
}

/// The request to the table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallKind {
    /// `ACQ4ME` or `ACQ4ANY`.
    Acquire {
        /// The number of the key.
        key: u32,
        /// The mode.
        mode: Mode,
        /// How many may hold it.
        workers: u32,
        /// How many may hold it or wait for it.
        maxqueue: u32,
        /// How many seconds to wait at most.
        timeout: u32,
    },
    /// `RELEASE`.
    Release,
    /// Bytes came from a client that waits.
    Read,
    /// A client has left.
    Left,
    /// Waits have timed out.
    Expiry,
    /// A request for a statistic, and the checksum of the answer.
    Statistic {
        /// The name of the statistic.
        name: Box<[u8]>,
        /// The CRC-32 of the text.
        checksum: u32,
    },
    /// A line that does not concern the table.
    Other,
    /// A connection that could not be accepted, or an answer that could not be sent: the statistics count them.
    Counted {
        /// Whether it was an answer that could not be sent.
        failed_send: bool,
    },
}

/// A message that ended a wait.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Told {
    /// The client that got it.
    pub client: u32,
    /// The message.
    pub response: Response,
}

impl Recording {
    /// Reads a file.
    ///
    /// A segment whose standing is not complete is left out, because it cannot be replayed.
    ///
    /// # Errors
    ///
    /// If the bytes are not a recording, have a newer version, or are damaged.
    pub fn read(bytes: &[u8]) -> Result<Self, RecordingError> {
        Reader::default().finish(bytes)
    }

    /// How many calls there are.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.segments.iter().map(|segment| segment.calls.len()).sum()
    }

    /// How many calls were left out.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.segments.iter().fold(0, |sum, segment| sum.saturating_add(segment.left_out))
    }
}

/// The numbers of calls, messages and segments of a file, and how much time they take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// How many calls there are.
    pub calls: u64,
    /// How many messages to waiters.
    pub told: u64,
    /// How many calls were left out.
    pub left_out: u64,
    /// How many segments there are.
    pub segments: u64,
    /// How many microseconds the segments last together, each from its beginning to its last call.
    pub micros: u64,
}

impl Totals {
    /// Counts the content of a file, without storing the calls.
    ///
    /// # Errors
    ///
    /// As [`Recording::read`].
    pub fn of(bytes: &[u8]) -> Result<Self, RecordingError> {
        let mut tally = Tally::default();
        tally.add(bytes)?;
        tally.totals()
    }
}

/// The length of the part of `bytes` that consists of whole blocks, and of [`MAGIC`] at its beginning. A program that forwards a recording may cut it there.
#[must_use]
pub fn whole_blocks(bytes: &[u8]) -> usize {
    let mut rest = bytes.strip_prefix(MAGIC).unwrap_or(bytes);
    let mut whole = 0;
    while block::skip(&mut rest) {
        whole = bytes.len() - rest.len();
    }
    whole
}

/// [`Totals`] of a file that is read in pieces.
#[derive(Debug, Default)]
pub struct Tally(Reading);

impl Tally {
    /// Counts what is in the whole blocks at the beginning of `bytes`. Gives how many bytes these are: the next piece begins behind them.
    ///
    /// # Errors
    ///
    /// As [`Recording::read`].
    pub fn add(&mut self, bytes: &[u8]) -> Result<usize, RecordingError> {
        self.0.feed(bytes)
    }

    /// What the file has, if this is its end.
    ///
    /// # Errors
    ///
    /// [`RecordingError::Empty`] if there was no head.
    pub fn totals(mut self) -> Result<Totals, RecordingError> {
        self.0.end_segment();
        self.0.scope.is_some().then_some(self.0.totals).ok_or(RecordingError::Empty)
    }
}

/// A [`Recording`] that is read in pieces.
#[derive(Debug)]
pub struct Reader(Reading);

impl Default for Reader {
    fn default() -> Self {
        Self(Reading { keeps: true, ..Reading::default() })
    }
}

impl Reader {
    /// Reads the whole blocks at the beginning of `bytes`. Gives how many bytes these are: the next piece begins behind them.
    ///
    /// # Errors
    ///
    /// As [`Recording::read`].
    pub fn add(&mut self, bytes: &[u8]) -> Result<usize, RecordingError> {
        self.0.feed(bytes)
    }

    /// Reads the last piece.
    ///
    /// # Errors
    ///
    /// As [`Recording::read`].
    pub fn finish(mut self, last: &[u8]) -> Result<Recording, RecordingError> {
        let read = self.0.feed(last)?;
        let is_cut = self.0.end_segment() || self.0.is_cut || read < last.len();
        let (Some(title), Some((anonymous, groups))) = (self.0.title, self.0.scope) else {
            return Err(RecordingError::Empty);
        };
        Ok(Recording { title, anonymous, groups, segments: self.0.segments, is_cut })
    }
}

/// Whether keys are numbers, and the groups.
type Part = (bool, Option<Vec<Box<str>>>);

#[derive(Debug, Default)]
struct Reading {
    title: Option<Title>,
    scope: Option<Part>,
    /// The number of the next block.
    number: usize,
    segments: Vec<Segment>,
    open: Option<(Segment, bool)>,
    /// Whether calls are kept; otherwise they are only counted.
    keeps: bool,
    totals: Totals,
    /// Calls and messages of the open segment.
    open_totals: (u64, u64),
    /// Calls that were left out, or in a segment that was, since the last segment that counts.
    lost: u64,
    is_cut: bool,
    /// Whether no segment has come since the last head.
    after_head: bool,
}

impl Reading {
    /// Reads the whole blocks at the beginning of `bytes`. Gives their length.
    fn feed(&mut self, bytes: &[u8]) -> Result<usize, RecordingError> {
        let mut rest = bytes;
        loop {
            let begun = rest.strip_prefix(MAGIC);
            let is_part_of_magic = begun.is_none() && MAGIC.starts_with(rest);
            if begun.is_none() && !is_part_of_magic && self.scope.is_none() {
                return Err(RecordingError::Foreign);
            }
            let mut next = begun.unwrap_or(rest);
            let content = if is_part_of_magic { None } else { block::next(&mut next, self.number)? };
            let Some(content) = content else { return Ok(bytes.len() - rest.len()) };
            let content = if begun.is_some() { self.head(content)? } else { content };
            self.block(content, self.number)?;
            self.number += 1;
            rest = next;
        }
    }

    /// Reads a head; another one continues the recording after an interruption. Gives what follows it in its block.
    fn head<'a>(&mut self, content: &'a [u8]) -> Result<&'a [u8], RecordingError> {
        let damaged = RecordingError::Record(self.number);
        let Some((&version, content)) = content.split_first() else { return Err(damaged) };
        if version != VERSION {
            return Err(RecordingError::Version(version));
        }
        let (head, rest) = postcard::take_from_bytes(content).map_err(|_| damaged)?;
        let Head { server, program, started, anonymous, groups } = head;
        let scope = (anonymous, groups.map(|groups| groups.into_iter().map(Box::from).collect()));
        self.is_cut |= self.end_segment();
        self.after_head = true;
        if *self.scope.get_or_insert_with(|| scope.clone()) != scope {
            return Err(RecordingError::Contradiction("a part has another scope than the first one"));
        }
        self.title.get_or_insert_with(|| Title { server: server.into(), program: program.into(), started });
        Ok(rest)
    }

    fn block(&mut self, mut content: &[u8], number: usize) -> Result<(), RecordingError> {
        while !content.is_empty() {
            let (record, rest) = postcard::take_from_bytes(content).map_err(|_| RecordingError::Record(number))?;
            self.add(record)?;
            content = rest;
        }
        Ok(())
    }

    /// Ends the open segment. Returns whether its standing was incomplete; then the segment is left out.
    fn end_segment(&mut self) -> bool {
        let (calls, told) = core::mem::take(&mut self.open_totals);
        match self.open.take() {
            Some((segment, true)) => {
                self.totals.segments += 1;
                self.totals.left_out = self.totals.left_out.saturating_add(segment.left_out);
                self.totals.calls += calls;
                let length = segment.calls.last().map_or(0, |call| call.at.micros_since(segment.clock));
                self.totals.micros = self.totals.micros.saturating_add(length);
                self.totals.told += told;
                if self.keeps {
                    self.segments.push(segment);
                }
            }
            Some((segment, false)) => {
                self.lost = segment.left_out.saturating_add(calls);
                return true;
            }
            None => {}
        }
        false
    }

    fn add(&mut self, record: Record<'_>) -> Result<(), RecordingError> {
        if let Record::Segment { clock, wall, left_out, statistics } = record {
            self.end_segment();
            let left_out = left_out.saturating_add(core::mem::take(&mut self.lost));
            let follows_head = core::mem::replace(&mut self.after_head, false);
            let segment = Segment {
                clock: Timestamp::from_micros(clock),
                wall,
                left_out,
                continues: !follows_head && left_out == 0 && !self.segments.is_empty(),
                keys: Vec::new(),
                standing: Vec::new(),
                calls: Vec::new(),
                told: Vec::new(),
                statistics,
            };
            self.open = Some((segment, false));
            return Ok(());
        }
        let Self { open, open_totals, keeps, .. } = self;
        let (segment, complete) =
            open.as_mut().ok_or(RecordingError::Contradiction("a record stands before the first segment"))?;
        match record {
            Record::Complete => *complete = true,
            Record::Key { group, name } if *keeps => {
                segment.keys.push(Key { group: group.into(), name: bytes_of(name) });
            }
            Record::Key { .. } => segment.keys.push(Key { group: Box::default(), name: Box::default() }),
            Record::Standing(standing) => {
                segment.check_key(standing.key)?;
                if *keeps {
                    segment.standing.push(standing.into_owned());
                }
            }
            Record::Told { client, answer } => {
                let response =
                    Option::from(answer).ok_or(RecordingError::Contradiction("a message without content"))?;
                let call = segment.calls.last_mut();
                call.ok_or(RecordingError::Contradiction("a message before the first call"))?.told += 1;
                open_totals.1 += 1;
                if *keeps {
                    segment.told.push(Told { client, response });
                }
            }
            call => {
                open_totals.0 += 1;
                if !*keeps {
                    // The time of a call is relative to the call before it.
                    segment.calls.drain(..segment.calls.len().saturating_sub(1));
                }
                segment.add_call(&call)?;
            }
        }
        Ok(())
    }
}

impl Segment {
    fn check_key(&self, key: u32) -> Result<(), RecordingError> {
        let known = (key as usize) < self.keys.len();
        if known { Ok(()) } else { Err(RecordingError::Contradiction("an unknown key")) }
    }

    fn add_call(&mut self, record: &Record<'_>) -> Result<(), RecordingError> {
        let (after, client, kind, answer) = match *record {
            Record::Acquire { after, client, key, mode, workers, maxqueue, timeout, answer } => {
                self.check_key(key)?;
                (after, client, CallKind::Acquire { key, mode, workers, maxqueue, timeout }, answer.into())
            }
            Record::Release { after, client, answer } => (after, client, CallKind::Release, answer.into()),
            Record::Read { after, client } => (after, client, CallKind::Read, None),
            Record::Left { after, client } => (after, client, CallKind::Left, None),
            Record::Expiry { after } => (after, 0, CallKind::Expiry, None),
            Record::Statistic { after, client, name, checksum } => {
                (after, client, CallKind::Statistic { name: name.into(), checksum }, None)
            }
            Record::Other { after, client, answer } => (after, client, CallKind::Other, answer.into()),
            Record::Counted { failed_send } => (0, 0, CallKind::Counted { failed_send }, None),
            Record::Segment { .. }
            | Record::Key { .. }
            | Record::Standing(_)
            | Record::Complete
            | Record::Told { .. } => {
                return Ok(());
            }
        };
        let before = self.calls.last().map_or(self.clock, |call| call.at);
        let at = before.as_micros().checked_add_signed(after);
        let at = at.ok_or(RecordingError::Contradiction("a call at an impossible time"))?;
        self.calls.push(Call { at: Timestamp::from_micros(at), client, kind, answer, told: 0 });
        Ok(())
    }
}

fn bytes_of(name: Name<'_>) -> Box<[u8]> {
    match name {
        Name::Plain(bytes) => bytes.into(),
        Name::Number(number) => alloc::format!("{number:016x}").into_bytes().into(),
    }
}
