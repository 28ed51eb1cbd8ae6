//! A lock table in virtual time that is recorded while a test asks it.

use poolcounter::key::Groups;
use poolcounter::protocol::{Command, Line};
use poolcounter::recording::{Naming, Recording, Scope, Title, verify};
use poolcounter::table::RecorderId;
use poolcounter::{ClientId, HashSeed, LockTable, Timestamp};
use poolcounter_sim::replay::{GroupReport, Plan, Replay, Report, Traffic};
use std::sync::Arc;

/// 2026-11-27, 09:00:00 UTC.
pub(crate) const STARTED: u64 = 1_795_770_000_000_000;

pub(crate) fn at(millis: u64) -> Timestamp {
    Timestamp::from_micros(1_000_000 + millis * 1_000)
}

pub(crate) struct Desk {
    table: LockTable,
    recorder: RecorderId,
    file: Vec<u8>,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self::of("pool1", Naming::Plain)
    }

    pub(crate) fn of(server: &str, naming: Naming) -> Self {
        let mut table = LockTable::new(HashSeed::new(3, 4), at(0));
        table.observe(Groups::default(), at(0));
        let title = Title { server: server.into(), program: "test".into(), started: STARTED };
        let recorder = table.add_recorder(&title, Scope { groups: None, naming }, 1 << 24);
        Self { table, recorder, file: Vec::new() }
    }

    /// Begins to record, or goes on.
    pub(crate) fn record(&mut self, millis: u64) {
        while self.table.recorder_advance(self.recorder, at(millis), STARTED + millis * 1_000, 1) {}
        self.file.extend(self.table.recorder_take(self.recorder));
    }

    /// Another segment begins.
    pub(crate) fn pause(&mut self) {
        self.table.recorder_end_segment(self.recorder);
    }

    pub(crate) fn client(&mut self) -> ClientId {
        self.table.connect()
    }

    /// One line of a client, and its answer.
    pub(crate) fn ask(&mut self, client: ClientId, line: &str, millis: u64) -> String {
        self.table.received(client, at(millis));
        let answer = self.table.command(client, Command::parse(Line::of(line.as_bytes())), at(millis));
        while self.table.next_wakeup().is_some() {}
        answer.map_or_else(String::new, |answer| String::from_utf8_lossy(answer.as_bytes()).trim().to_owned())
    }

    /// A new client with one line.
    pub(crate) fn come(&mut self, line: &str, millis: u64) -> ClientId {
        let client = self.client();
        self.ask(client, line, millis);
        client
    }

    pub(crate) fn leave(&mut self, client: ClientId, millis: u64) {
        self.table.disconnect(client, at(millis));
        while self.table.next_wakeup().is_some() {}
    }

    pub(crate) fn expire(&mut self, millis: u64) {
        self.table.expire(at(millis));
        while self.table.next_wakeup().is_some() {}
    }

    pub(crate) fn end(mut self) -> Vec<u8> {
        self.file.extend(self.table.remove_recorder(self.recorder));
        self.file
    }

    /// What was recorded; it is true.
    pub(crate) fn recording(self) -> Recording {
        let recording = Recording::read(&self.end()).unwrap();
        assert_eq!(verify(&recording).unwrap().first, None);
        recording
    }
}

pub(crate) fn report_of(recordings: &[Recording], plan: &Plan) -> Report {
    let traffic = Arc::new(Traffic::of(recordings).unwrap());
    Replay::new(&traffic, plan).unwrap().finish()
}

/// The report of one recording with these changes.
pub(crate) fn played(recording: &Recording, changes: &[&str]) -> Report {
    let plan = changes.iter().try_fold(Plan::default(), |plan, change| plan.with(change)).unwrap();
    report_of(std::slice::from_ref(recording), &plan)
}

pub(crate) fn group<'a>(report: &'a Report, name: &str) -> &'a GroupReport {
    report.groups.iter().find(|group| group.info.name == name).unwrap()
}
