//! The server records its latest calls into memory, if `--record-buffer` asks for it.

use super::Server;
use super::record_buffer::{BufferState, CHUNK, RecordBuffer, Recorded};
use crate::system::clock;
use poolcounter::recording::Naming;
use poolcounter::{LockTable, Timestamp};
use std::time::Duration;

impl Server {
    /// Records into a buffer of this size from now on; `None`: into none. Another size empties the buffer.
    pub(crate) fn set_record_buffer(&self, limit: Option<usize>) {
        let mut buffer = self.buffered.buffer.borrow_mut();
        if buffer.as_ref().map(RecordBuffer::limit) == limit {
            return;
        }
        let table = &mut self.hub.borrow_mut().table;
        if let Some(old) = buffer.take() {
            old.end(table);
        }
        *buffer = limit.map(|limit| RecordBuffer::new(limit, table));
        self.buffered.recorder.set(buffer.as_ref().map(RecordBuffer::recorder));
        self.buffered.needs.notify_one();
    }

    /// Whether there is a buffer.
    pub(crate) fn has_record_buffer(&self) -> bool {
        self.buffered.recorder.get().is_some()
    }

    /// The buffer's size, if that is too small for what is held and waited for, so that there are no calls.
    pub(crate) fn record_buffer_is_too_small(&self) -> Option<usize> {
        let buffer = self.buffered.buffer.borrow();
        buffer.as_ref().filter(|buffer| buffer.rests(clock::now())).map(RecordBuffer::limit)
    }

    /// Resolves when the buffer needs to be filled, or is another one.
    pub(crate) async fn record_buffer_needs(&self) {
        self.buffered.needs.notified().await;
    }

    /// Call it after calls into the table.
    #[inline]
    pub(super) fn check_record_buffer(&self, table: &LockTable) {
        if let Some(recorder) = self.buffered.recorder.get()
            && table.recorder_waiting(recorder) >= CHUNK
        {
            self.buffered.needs.notify_one();
        }
    }

    /// Moves what was recorded into the buffer, and writes what stands at the next `places` places of the table. Call it at regular intervals. Returns whether there is more to write.
    pub(crate) fn fill_record_buffer(&self, places: u32) -> bool {
        let table = &mut self.hub.borrow_mut().table;
        let mut buffer = self.buffered.buffer.borrow_mut();
        buffer.as_mut().is_some_and(|buffer| buffer.fill(table, places, clock::now()))
    }

    /// What the buffer has, if there is one.
    pub(crate) fn record_buffer(&self) -> Option<BufferState> {
        self.buffered.buffer.borrow().as_ref()?.state(&self.hub.borrow().table)
    }

    /// The calls of this time until now, and some before them; `None` without a buffer. The head says whether the keys will be anonymous.
    pub(crate) fn recorded(&self, last: Duration, naming: Naming) -> Option<Recorded> {
        let last = u64::try_from(last.as_micros()).unwrap_or(u64::MAX);
        let moment = Timestamp::from_micros(clock::now().as_micros().saturating_sub(last));
        let table = &mut self.hub.borrow_mut().table;
        Some(self.buffered.buffer.borrow_mut().as_mut()?.recorded(table, moment, naming))
    }
}
