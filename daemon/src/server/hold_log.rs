use crate::saved::SavedDisconnects;
use poolcounter::table::HoldId;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use tokio::sync::Notify;

/// What is known of overdue holders.
#[derive(Debug, Default)]
pub(super) struct HoldLog {
    pub(super) is_on: Cell<bool>,
    pub(super) turned_on: Notify,
    /// Who has the holds that were logged: at their end the client may have left.
    pub(super) holders: RefCell<HashMap<HoldId, String>>,
    pub(super) disconnects: Cell<SavedDisconnects>,
}

impl HoldLog {
    /// Counts a client that is disconnected.
    pub(super) fn count(&self, counter: impl FnOnce(&mut SavedDisconnects) -> &mut u64) {
        let mut disconnects = self.disconnects.get();
        *counter(&mut disconnects) += 1;
        self.disconnects.set(disconnects);
    }
}
