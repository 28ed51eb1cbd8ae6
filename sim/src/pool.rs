//! The pool counter: the daemon's lock table, and the lines that MediaWiki sends to it.

use crate::farm::Key;
use crate::pages::Revision;
use crate::setting::{Mode, Setting};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;
use core::num::NonZeroU32;
use poolcounter::key::Groups;
use poolcounter::protocol::{Command, Line, Response};
use poolcounter::recording::{Naming, Scope, Title};
use poolcounter::route::slot_key;
use poolcounter::table::RecorderId;
use poolcounter::{ClientId, HashSeed, LockTable, Timestamp};

/// When a simulated day begins: 2026-11-27, 09:00:00 UTC.
const WALL: u64 = 1_795_770_000_000_000;

/// What a request asks of the pool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PoolRequest {
    pub(crate) page: u32,
    pub(crate) revision: Revision,
    pub(crate) mode: Mode,
    /// Not to wait at all: the first question of fastStale.
    pub(crate) at_once: bool,
}

/// One daemon and its clients.
#[derive(Debug)]
pub(crate) struct Pool {
    table: LockTable,
    setting: Setting,
    /// Which request a client belongs to.
    requests: Vec<Key>,
    /// Two lines that are written anew for each command.
    line: String,
    key: String,
    recorder: Option<RecorderId>,
}

impl Pool {
    pub(crate) fn new(setting: &Setting) -> Self {
        // The seed of the hash decides nothing that can be seen.
        let table = LockTable::new(HashSeed::new(0, 0), Timestamp::from_micros(0));
        Self {
            table,
            setting: setting.clone(),
            requests: Vec::new(),
            line: String::new(),
            key: String::new(),
            recorder: None,
        }
    }

    /// Records all calls from now on.
    pub(crate) fn record(&mut self, now: u64) {
        let title = Title { server: "lab".into(), program: "poolcounter-sim".into(), started: WALL + now };
        let scope = Scope { groups: None, naming: Naming::Plain };
        self.table.observe(Groups::default(), Timestamp::from_micros(now));
        // It keeps everything until it is taken.
        self.recorder = Some(self.table.add_recorder(&title, scope, usize::MAX));
        self.record_on(now);
    }

    /// To be called after each event.
    pub(crate) fn record_on(&mut self, now: u64) {
        if let Some(recorder) = self.recorder {
            while self.table.recorder_advance(recorder, Timestamp::from_micros(now), WALL + now, u32::MAX) {}
        }
    }

    /// The file of the recording.
    pub(crate) fn end_recording(&mut self) -> Vec<u8> {
        self.recorder.take().map(|recorder| self.table.remove_recorder(recorder)).unwrap_or_default()
    }

    pub(crate) fn connect(&mut self, request: Key) -> ClientId {
        let client = self.table.connect();
        if self.requests.len() <= client.index() {
            self.requests.resize(client.index() + 1, 0);
        }
        self.requests[client.index()] = request;
        client
    }

    pub(crate) fn disconnect(&mut self, client: ClientId, now: u64) {
        self.table.disconnect(client, Timestamp::from_micros(now));
    }

    pub(crate) fn acquire(&mut self, client: ClientId, request: PoolRequest, now: u64) -> Option<Response> {
        self.write_key(request.page, request.revision);
        let Setting { workers, maxqueue, timeout, .. } = self.setting;
        let word = if request.mode == Mode::ForMe { "ACQ4ME" } else { "ACQ4ANY" };
        let timeout = if request.at_once { 0 } else { timeout };
        self.line.clear();
        // Writing to a string cannot fail.
        let _ = write!(self.line, "{word} {} {workers} {maxqueue} {timeout}", self.key);
        self.send(client, now)
    }

    pub(crate) fn release(&mut self, client: ClientId, now: u64) -> Option<Response> {
        self.line.clear();
        self.line.push_str("RELEASE");
        self.send(client, now)
    }

    pub(crate) fn next_deadline(&self) -> Option<u64> {
        self.table.next_deadline().map(Timestamp::as_micros)
    }

    pub(crate) fn expire(&mut self, now: u64) {
        self.table.expire(Timestamp::from_micros(now));
    }

    /// The next request that gets an answer without having asked just now, and the answer.
    pub(crate) fn next_wakeup(&mut self) -> Option<(Key, Response)> {
        let wakeup = self.table.next_wakeup()?;
        Some((self.requests[wakeup.client.index()], wakeup.response))
    }

    /// How many parses hold each key, for tests.
    #[cfg(test)]
    pub(crate) fn holders(&self) -> impl Iterator<Item = usize> {
        self.table.pools().map(|pool| pool.holders().count())
    }

    /// One read of the daemon: one line.
    fn send(&mut self, client: ClientId, now: u64) -> Option<Response> {
        let now = Timestamp::from_micros(now);
        self.table.received(client, now);
        self.table.command(client, Command::parse(Line::of(self.line.as_bytes())), now)
    }

    /// The key of a revision in MediaWiki's parser cache; with slots the key of its slot.
    fn write_key(&mut self, page: u32, revision: Revision) {
        self.key.clear();
        let _ = write!(self.key, "wiki:pcache:idhash:{page}-0!canonical:revid:{revision}");
        if let Some(slots) = NonZeroU32::new(self.setting.slots) {
            self.key = slot_key("ArticleView", self.key.as_bytes(), slots);
        }
    }
}
