use super::Server;
use super::connection::Connection;
use super::hub::Hub;
use poolcounter::Timestamp;

impl Server {
    /// Begins or ends draining.
    pub(crate) fn set_draining(&self, draining: bool) {
        self.hub.borrow_mut().draining = draining;
        self.limits.idle_limit_changed.notify_one();
    }

    /// Counts the locks that are held now, and gives their number.
    pub(crate) fn count_drain_holders(&self) -> u64 {
        let held = self.hub.borrow().table.statistics().counters.processing_workers;
        self.limits.drain_holders.set(self.limits.drain_holders.get() + held);
        held
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.hub.borrow().draining
    }

    /// How many locks were held when draining began, each time since the start.
    pub(crate) fn drain_holders(&self) -> u64 {
        self.limits.drain_holders.get()
    }

    pub(super) fn set_drain_holders(&self, holders: u64) {
        self.limits.drain_holders.set(holders);
    }
}

impl Hub {
    /// How many releases there were.
    pub(super) fn releases(&self) -> u64 {
        self.table.statistics().counters.total_releases
    }

    /// The daemon drains: a client that has released its last lock is disconnected, unless it is already asking for something else.
    pub(super) fn leave_if_done(&mut self, connection: &Connection, now: Timestamp) {
        if self.is_idle(connection) {
            self.disconnect(connection, now);
        }
    }
}
