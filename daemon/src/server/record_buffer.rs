//! The buffer of `--record-buffer`: a recorder, and the ring that its bytes go into.

use super::ring::{Began, PIECES, Ring};
use super::title::{title, wall};
use crate::system::recurring::Recurring;
use poolcounter::recording::{Naming, Scope, head};
use poolcounter::table::RecorderId;
use poolcounter::{LockTable, Timestamp};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use tokio::sync::Notify;
use tracing::warn;

/// The recorder's bytes are taken when there are so many.
pub(super) const CHUNK: usize = 64 << 10;

/// What the recorder needs at most until they are taken.
const ROOM: usize = 4 * CHUNK;

/// The limits of what the recorder keeps until its bytes are taken.
const LEAST_WAITING: usize = 128 << 10;
const MOST_WAITING: usize = 4 << 20;

/// If what stands does not fit into the buffer, the next piece begins after this time.
const REST_SECONDS: u32 = 60;

/// The buffer, if there is one.
#[derive(Debug, Default)]
pub(super) struct Buffered {
    pub(super) buffer: RefCell<Option<RecordBuffer>>,
    /// The recorder of the buffer. Every command looks at it.
    pub(super) recorder: Cell<Option<RecorderId>>,
    /// Wakes the task that fills the buffer.
    pub(super) needs: Notify,
}

/// The latest calls into the table.
#[derive(Debug)]
pub(super) struct RecordBuffer {
    recorder: RecorderId,
    ring: Ring,
    /// How many pieces have begun.
    begun: u64,
    /// Nothing is recorded until then.
    rests: Option<Timestamp>,
    warning: Recurring,
}

/// What a buffer has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BufferState {
    /// The memory in use, in bytes.
    pub(crate) memory: usize,
    /// The limit of that.
    pub(crate) limit: usize,
    /// All calls since then are in it.
    pub(crate) since: Option<Timestamp>,
    /// How many calls were left out since it began.
    pub(crate) left_out: u64,
}

/// The latest calls, as a file.
#[derive(Debug)]
pub(crate) struct Recorded {
    /// Its beginning.
    pub(crate) head: Vec<u8>,
    /// The rest of it, in whole blocks. The keys have their names.
    pub(crate) chunks: Vec<Rc<[u8]>>,
}

impl RecordBuffer {
    pub(super) fn new(limit: usize, table: &mut LockTable) -> Self {
        let most = (limit / PIECES).clamp(LEAST_WAITING, MOST_WAITING);
        let recorder = table.add_recorder(&title(wall()), everything(Naming::Plain), most);
        // Each answer has a head of its own.
        table.recorder_take(recorder);
        Self { recorder, ring: Ring::new(limit), begun: 0, rests: None, warning: Recurring::default() }
    }

    pub(super) fn recorder(&self) -> RecorderId {
        self.recorder
    }

    pub(super) fn limit(&self) -> usize {
        self.ring.limit()
    }

    /// Whether it has no calls because what stands takes more than the limit.
    pub(super) fn rests(&self, now: Timestamp) -> bool {
        self.rests.is_some_and(|end| now < end)
    }

    /// Ends it.
    pub(super) fn end(self, table: &mut LockTable) {
        table.remove_recorder(self.recorder);
    }

    /// Moves what was recorded into the ring, and writes what stands at the next `places` places of the table. Returns whether there is more to write.
    pub(super) fn fill(&mut self, table: &mut LockTable, places: u32, now: Timestamp) -> bool {
        if self.rests(now) {
            return false;
        }
        self.rests = None;
        let Self { recorder, ring, begun, .. } = self;
        let recorder = *recorder;
        let Some(before) = table.recorder_state(recorder) else { return false };
        if !before.is_running || ring.is_full(before.memory, now) {
            // So the bytes of the next piece are in other blocks.
            table.recorder_end_segment(recorder);
            ring.push(&table.recorder_take(recorder));
        }
        let wall = wall();
        let more = table.recorder_advance(recorder, now, wall, places);
        let Some(after) = table.recorder_state(recorder) else { return false };
        if after.segments > *begun {
            *begun = after.segments;
            ring.begin(Began { at: now, wall });
        }
        if after.is_running && !after.is_paging {
            ring.standing_is_complete(after.memory);
        }
        if after.waiting >= CHUNK {
            ring.push(&table.recorder_take(recorder));
        }
        let memory = table.recorder_state(recorder).map_or(0, |state| state.memory);
        if ring.shrink(memory + ROOM) {
            self.rest(table, now);
            return false;
        }
        more
    }

    /// What stands takes more than the limit, and would again.
    fn rest(&mut self, table: &mut LockTable, now: Timestamp) {
        table.recorder_end_segment(self.recorder);
        table.recorder_take(self.recorder);
        self.ring.clear();
        self.rests = Some(now.after_secs(REST_SECONDS));
        if let Some(unsaid) = self.warning.due(now) {
            let limit = self.limit();
            warn!(
                "--record-buffer: {limit} bytes are too few for the keys that are held and waited for: nothing is recorded for {REST_SECONDS} s{unsaid}"
            );
        }
    }

    pub(super) fn state(&self, table: &LockTable) -> Option<BufferState> {
        let state = table.recorder_state(self.recorder)?;
        Some(BufferState {
            memory: self.ring.memory() + state.memory,
            limit: self.ring.limit(),
            since: self.ring.oldest().map(|began| began.at),
            left_out: state.left_out,
        })
    }

    /// The calls from this moment on, and some before it. The head says whether the keys will be anonymous.
    pub(super) fn recorded(&mut self, table: &mut LockTable, moment: Timestamp, naming: Naming) -> Recorded {
        self.ring.push(&table.recorder_take(self.recorder));
        let (started, chunks) = match self.ring.since(moment) {
            Some((began, chunks)) => (began.wall, chunks),
            None => (wall(), Vec::new()),
        };
        Recorded { head: head(&title(started), &everything(naming)), chunks }
    }
}

fn everything(naming: Naming) -> Scope {
    Scope { groups: None, naming }
}
