//! Recordings of the calls into the table.

use super::Server;
use super::title::{title, wall};
use crate::system::clock;
use poolcounter::recording::Scope;
use poolcounter::table::RecorderId;
use std::rc::Rc;

/// The limit of bytes of a recording that are not sent yet.
const WAITING: usize = 4 << 20;

/// A recording that runs until this is dropped.
#[derive(Debug)]
pub(crate) struct Recording {
    server: Rc<Server>,
    id: RecorderId,
}

impl Server {
    /// Begins a recording; `None` if there are `most` already.
    pub(crate) fn record(self: &Rc<Self>, scope: Scope, most: usize) -> Option<Recording> {
        if self.recordings.get() >= most {
            return None;
        }
        self.recordings.set(self.recordings.get() + 1);
        let id = self.hub.borrow_mut().table.add_recorder(&title(wall()), scope, WAITING);
        Some(Recording { server: Rc::clone(self), id })
    }
}

impl Recording {
    /// Writes the standing at the next places of the table, if it is not complete. Returns whether there is more.
    pub(crate) fn go_on(&self, places: u32) -> bool {
        self.server.hub.borrow_mut().table.recorder_advance(self.id, clock::now(), wall(), places)
    }

    /// Whether what was taken last ends in a segment whose standing is complete, so that its reader knows how many calls were left out.
    pub(crate) fn is_complete(&self) -> bool {
        let state = self.server.hub.borrow().table.recorder_state(self.id);
        state.is_none_or(|state| state.is_running && !state.is_paging)
    }

    /// The bytes since the last call.
    pub(crate) fn take(&self) -> Vec<u8> {
        self.server.hub.borrow_mut().table.recorder_take(self.id)
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.server.hub.borrow_mut().table.remove_recorder(self.id);
        self.server.recordings.set(self.server.recordings.get() - 1);
    }
}
