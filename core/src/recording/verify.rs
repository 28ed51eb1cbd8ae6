//! Replays a recording on a new table, and compares the results.

use super::RecordingError;
use super::read::{Call, CallKind, Recording, Segment};
use crate::Timestamp;
use crate::protocol::{Acquire, Command, Line, Response};
use crate::table::{ClientId, HashSeed, LockTable};
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::{borrow::ToOwned as _, format};

/// The result of a comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// How many calls were replayed.
    pub calls: u64,
    /// How many answers were compared.
    pub answers: u64,
    /// How many messages to waiters were compared.
    pub told: u64,
    /// How many answers and messages differ. Each is a fault of the recorded table, of the recording, or of this program.
    pub differences: u64,
    /// The first difference.
    pub first: Option<Difference>,
}

/// A difference between a recording and the table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// The number of the segment, from 0.
    pub segment: usize,
    /// The number of the call in it, from 0.
    pub call: usize,
    /// The call's time, by the table's clock.
    pub at: Timestamp,
    /// What was recorded.
    pub recorded: String,
    /// What the table does.
    pub played: String,
}

/// Replays every segment, and compares all answers and messages, byte for byte.
///
/// # Errors
///
/// If the recording contradicts itself, so that it cannot be replayed.
pub fn verify(recording: &Recording) -> Result<Verified, RecordingError> {
    let mut verified = Verified::default();
    for (number, segment) in recording.segments.iter().enumerate() {
        let mut table = Player::new(segment, recording.groups.is_some())?;
        let mut told = segment.told.iter();
        for (index, call) in segment.calls.iter().enumerate() {
            verified.calls += 1;
            let (differences, first) = (&mut verified.differences, &mut verified.first);
            let mut compare = |recorded: String, played: String| {
                if recorded != played {
                    *differences += 1;
                    let at = call.at;
                    first.get_or_insert(Difference { segment: number, call: index, at, recorded, played });
                }
            };
            let answer = table.play(call, segment)?;
            if let CallKind::Statistic { checksum, .. } = call.kind {
                let played = answer.as_ref().map(|answer| crc32fast::hash(answer.as_bytes()));
                compare(format!("text {checksum:08x}"), format!("text {:08x}", played.unwrap_or(0)));
                verified.answers += 1;
            } else if !matches!(
                call.kind,
                CallKind::Read | CallKind::Left | CallKind::Expiry | CallKind::Counted { .. }
            ) {
                compare(text(call.answer.as_ref()), text(answer.as_ref()));
                verified.answers += 1;
            }
            // A message of this call may be recorded after a later call. So a message that is still in the table is no difference yet.
            for _ in 0..call.told {
                let recorded = told.next().map(|told| (told.client, &told.response));
                let played = table.table.next_wakeup();
                let played = played.as_ref().map(|wakeup| (table.number(wakeup.client), &wakeup.response));
                compare(message(recorded), message(played));
                verified.told += 1;
            }
        }
    }
    Ok(verified)
}

fn text(answer: Option<&Response>) -> String {
    answer.map_or_else(
        || "no answer".to_owned(),
        |answer| String::from_utf8_lossy(answer.as_bytes()).trim_end().to_owned(),
    )
}

fn message(told: Option<(u32, &Response)>) -> String {
    told.map_or_else(
        || "no message".to_owned(),
        |(client, response)| format!("{} to client {client}", text(Some(response))),
    )
}

/// A table on which a segment is replayed.
struct Player {
    table: LockTable,
    clients: BTreeMap<u32, ClientId>,
    numbers: BTreeMap<ClientId, u32>,
}

impl Player {
    fn new(segment: &Segment, partly: bool) -> Result<Self, RecordingError> {
        let (table, clients) = LockTable::standing(segment, partly, HashSeed::new(1, 2))
            .map_err(|_| RecordingError::Contradiction("impossible holders or waiters where a segment begins"))?;
        let numbers = clients.iter().map(|(&number, &client)| (client, number)).collect();
        Ok(Self { table, clients, numbers })
    }

    fn number(&self, client: ClientId) -> u32 {
        self.numbers.get(&client).copied().unwrap_or(u32::MAX)
    }

    fn client(&mut self, number: u32) -> ClientId {
        let client = *self.clients.entry(number).or_insert_with(|| self.table.connect());
        self.numbers.insert(client, number);
        client
    }

    fn play(&mut self, call: &Call, segment: &Segment) -> Result<Option<Response>, RecordingError> {
        let now = call.at;
        let command = match &call.kind {
            CallKind::Acquire { key, mode, workers, maxqueue, timeout } => {
                let key = segment.keys.get(*key as usize).map(|key| &*key.name).unwrap_or_default();
                let acquire = Acquire::new(*mode, key, *workers, *maxqueue, *timeout);
                Command::Acquire(acquire.ok_or(RecordingError::Contradiction("a key that no line can have"))?)
            }
            CallKind::Release => Command::Release,
            CallKind::Statistic { name, .. } => Command::Stats(name),
            CallKind::Other => match call.answer {
                Some(Response::WrongStat) => Command::Stats(b""),
                Some(Response::LineTooLong) => Command::TooLong,
                _ => Command::parse(Line::of(b"")),
            },
            CallKind::Read => {
                let client = self.client(call.client);
                self.table.received(client, now);
                return Ok(None);
            }
            CallKind::Left => {
                let client = self.client(call.client);
                self.clients.remove(&call.client);
                self.table.disconnect(client, now);
                return Ok(None);
            }
            CallKind::Expiry => {
                self.table.expire(now);
                return Ok(None);
            }
            CallKind::Counted { failed_send } => {
                if *failed_send {
                    self.table.count_failed_send();
                } else {
                    self.table.count_connect_error();
                }
                return Ok(None);
            }
        };
        let client = self.client(call.client);
        Ok(self.table.command(client, command, now))
    }
}
