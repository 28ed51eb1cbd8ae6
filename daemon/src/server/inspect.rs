//! What the admin interface asks of the server.

use super::Server;
use super::view::{NotReady, View};
use crate::system::descriptors;

impl Server {
    /// Calls `look`, which should take less than a millisecond: nobody is served meanwhile.
    pub(crate) fn view<T>(&self, look: impl FnOnce(&View<'_>) -> T) -> T {
        let hub = self.hub.borrow();
        look(&View { table: &hub.table, clients: &hub.outbox.clients })
    }

    /// Why no client is accepted now, if so.
    pub(crate) fn not_ready(&self) -> Option<NotReady> {
        if self.clients() >= self.max_clients {
            Some(NotReady::Full)
        } else if descriptors::is_one_free() {
            None
        } else {
            Some(NotReady::NoDescriptors)
        }
    }
}
