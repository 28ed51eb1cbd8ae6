//! Runs a story against core's table in virtual time.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use poolcounter::protocol::{Command, LineBuffer, Response};
use poolcounter::recording::{Naming, Recording, Scope, Title, verify};
use poolcounter::table::RecorderId;
use poolcounter::{ClientId, HashSeed, LockTable, Timestamp};

use super::Player;
use crate::observe::START;
use crate::transcript::{Event, Name, Step};

/// The table and its clients.
pub(super) struct VirtualTime {
    table: LockTable,
    now: Duration,
    seats: BTreeMap<Name, Seat>,
    /// What is sent while the daemon is stopped.
    held: Option<Vec<Step>>,
    events: Vec<Event>,
    recorder: RecorderId,
}

struct Seat {
    id: ClientId,
    lines: LineBuffer,
}

impl VirtualTime {
    pub(super) fn new() -> Self {
        let mut table = LockTable::new(HashSeed::new(1, 2), timestamp(START));
        let title = Title { server: "story".into(), program: "test".into(), started: 0 };
        let recorder = table.add_recorder(&title, Scope { groups: None, naming: Naming::Plain }, usize::MAX);
        table.recorder_advance(recorder, timestamp(START), 0, u32::MAX);
        Self { table, now: START, seats: BTreeMap::new(), held: None, events: Vec::new(), recorder }
    }

    /// Plays what was recorded.
    pub(super) fn verify(&mut self) -> Result<()> {
        let recording = Recording::read(&self.table.remove_recorder(self.recorder))?;
        let difference = verify(&recording)?.first;
        ensure!(difference.is_none(), "the recording differs: {difference:?}");
        Ok(())
    }

    fn apply(&mut self, step: &Step) -> Result<()> {
        match step {
            Step::Connect(name) => self.connect(name),
            Step::Send(name, bytes) => self.send(name, bytes)?,
            Step::ShutDown(name) => {
                self.leave(name)?;
                self.events.push(Event::End(name.clone()));
            }
            Step::Close(name) | Step::Reset(name) => self.leave(name)?,
            Step::Wait(time) => {
                self.now += *time;
                self.expire();
            }
            Step::Clock(time) => self.now += *time,
            Step::Freeze => self.held = Some(Vec::new()),
            Step::Thaw => {}
        }
        Ok(())
    }

    fn connect(&mut self, name: &Name) {
        let seat = Seat { id: self.table.connect(), lines: LineBuffer::new() };
        self.seats.insert(name.clone(), seat);
    }

    fn send(&mut self, name: &Name, bytes: &[u8]) -> Result<()> {
        if !self.seats.contains_key(name) {
            self.connect(name);
        }
        let id = self.seats.get(name).context("connected just now")?.id;
        self.table.received(id, timestamp(self.now));
        self.wake_up();
        let mut seat = self.seats.remove(name).context("connected just now")?;
        let mut input = bytes;
        while let Some(line) = seat.lines.next_line(&mut input) {
            let answer = self.table.command(seat.id, Command::parse(line), timestamp(self.now));
            self.wake_up();
            self.events.extend(answer.map(|answer| bytes_of(name.clone(), &answer)));
        }
        self.seats.insert(name.clone(), seat);
        Ok(())
    }

    fn leave(&mut self, name: &Name) -> Result<()> {
        let seat = self.seats.remove(name).with_context(|| format!("{name} is not connected"))?;
        self.table.disconnect(seat.id, timestamp(self.now));
        self.wake_up();
        Ok(())
    }

    fn expire(&mut self) {
        self.table.expire(timestamp(self.now));
        self.wake_up();
    }

    fn wake_up(&mut self) {
        while let Some(wakeup) = self.table.next_wakeup() {
            // If a client is missing, it is the caller, which the table never wakes by the caller's own command.
            let seat = self.seats.iter().find(|(_, seat)| seat.id == wakeup.client);
            let name = seat.map_or_else(|| "unknown".to_owned(), |(name, _)| name.clone());
            self.events.push(bytes_of(name, &wakeup.response));
        }
    }

    /// Handles in one wake-up everything that was sent while the daemon was stopped. Timeouts are first.
    fn thaw(&mut self) -> Result<()> {
        self.expire();
        let held = self.held.take().context("it is not stopped")?;
        held.iter().try_for_each(|step| self.apply(step))?;
        let closed = |step: &Step| matches!(step, Step::Close(_) | Step::Reset(_));
        let gone: Vec<_> = held.iter().filter(|step| closed(step)).filter_map(Step::client).collect();
        self.events.retain(|event| !gone.contains(&event.client()));
        Ok(())
    }
}

impl Player for VirtualTime {
    fn perform(&mut self, step: &Step) -> Result<Vec<Event>> {
        match (step, &mut self.held) {
            (Step::Thaw, _) => self.thaw()?,
            (Step::Wait(time) | Step::Clock(time), Some(_)) => self.now += *time,
            (step, Some(held)) => held.push(step.clone()),
            (step, None) => self.apply(step)?,
        }
        ensure!(self.table.next_wakeup().is_none(), "a wake-up was left behind");
        Ok(ends_last(std::mem::take(&mut self.events)))
    }
}

/// The end of a stream is read after all bytes.
fn ends_last(mut events: Vec<Event>) -> Vec<Event> {
    events.sort_by_key(|event| matches!(event, Event::End(_)));
    events
}

fn bytes_of(name: Name, response: &Response) -> Event {
    Event::Bytes(name, response.as_bytes().to_vec())
}

fn timestamp(time: Duration) -> Timestamp {
    Timestamp::from_micros(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
}
