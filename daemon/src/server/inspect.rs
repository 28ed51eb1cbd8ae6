//! What the admin interface asks of the server.

use super::Server;
use super::view::{NotReady, View};
use crate::system::{clock, descriptors};
use poolcounter::key::Groups;

impl Server {
    /// Begins to count figures by group, by these rules.
    pub(crate) fn observe(&self, groups: Groups) {
        self.hub.borrow_mut().table.observe(groups, clock::now());
    }

    /// Calls `look`, which should take less than a millisecond: nobody is served meanwhile.
    pub(crate) fn view<T>(&self, look: impl FnOnce(&View<'_>) -> T) -> T {
        let hub = &mut *self.hub.borrow_mut();
        // So the history is that of now, also if nothing has happened since.
        let _ = hub.table.figures_at(clock::now());
        look(&View { table: &hub.table, clients: &hub.outbox.clients })
    }

    /// How many clients may be connected at once, if that is limited.
    pub(crate) fn limit(&self) -> Option<usize> {
        Some(self.max_clients()).filter(|clients| *clients < usize::MAX)
    }

    /// Why no client is accepted now, if so.
    pub(crate) fn not_ready(&self) -> Option<NotReady> {
        if self.is_draining() {
            Some(NotReady::Draining)
        } else if self.clients() >= self.max_clients() {
            Some(NotReady::Full)
        } else if descriptors::is_one_free() {
            None
        } else {
            Some(NotReady::NoDescriptors)
        }
    }
}
