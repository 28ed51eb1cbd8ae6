//! Closes connections that were idle for a long time.

use super::Server;
use super::connection::Connection;
use super::hub::Hub;
use crate::system::clock;
use std::rc::Rc;
use std::time::Duration;
use tracing::debug;

/// While the daemon drains, a client may be idle for this long. MediaWiki's client is idle for a moment between its connection and its first command.
const DRAINING: Duration = Duration::from_secs(5);

/// How many clients are checked in one turn, which takes some microseconds.
const LOOKED_AT: usize = 1_024;

/// How many connections are closed in one turn, at most. Each takes about ten microseconds.
const CLOSED: usize = 32;

impl Server {
    /// Connections are closed that are idle for this long; `None`: never.
    pub(crate) fn set_idle_timeout(&self, timeout: Option<Duration>) {
        if self.limits.idle_timeout.replace(timeout) != timeout {
            self.limits.idle_limit_changed.notify_one();
        }
    }

    /// How long a client may be idle.
    pub(crate) fn idle_limit(&self) -> Option<Duration> {
        let timeout = self.limits.idle_timeout.get();
        if self.is_draining() { Some(timeout.map_or(DRAINING, |timeout| timeout.min(DRAINING))) } else { timeout }
    }

    /// Resolves when there is another limit.
    pub(crate) async fn idle_limit_changed(&self) {
        self.limits.idle_limit_changed.notified().await;
    }

    /// Begins to search with rounds of another length.
    pub(crate) fn begin_idle_search(&self) {
        self.hub.borrow_mut().outbox.clients.begin_search();
    }

    /// The client has just sent or received something.
    pub(crate) fn mark_used(&self, connection: &Connection) {
        self.hub.borrow().outbox.clients.mark_used(connection);
    }

    /// Begins a round, and closes the connections that were idle in at least `rounds` whole rounds before it. Other clients are served in between.
    pub(crate) async fn close_idle(&self, rounds: u32) {
        self.hub.borrow_mut().outbox.clients.begin_round();
        let (mut next, mut closed) = (0, 0);
        loop {
            let looked = {
                let mut hub = self.hub.borrow_mut();
                let looked = hub.close_idle(next, rounds);
                self.publish(&mut hub);
                looked
            };
            let Some((end, more)) = looked else { break };
            (next, closed) = (end, closed + more);
            tokio::task::yield_now().await;
        }
        if closed > 0 {
            debug!("{closed} idle connections were closed");
        }
    }
}

impl Hub {
    /// Checks clients from this number on. Gives the number of the next client and how many connections were closed, or `None` if there are no more clients.
    fn close_idle(&mut self, from: usize, rounds: u32) -> Option<(usize, usize)> {
        let end = self.outbox.clients.end().min(from.checked_add(LOOKED_AT)?);
        if from >= end {
            return None;
        }
        let (mut closed, now) = (0, clock::now());
        for index in from..end {
            let Some(connection) = self.outbox.clients.at(index) else { continue };
            // The round in which the client was last used counts only partly, so it does not count.
            if self.outbox.clients.unused_rounds(connection) > rounds && self.is_idle(connection) {
                let connection = Rc::clone(connection);
                self.outbox.close(&connection, &mut self.table, now);
                self.tell_others(now);
                closed += 1;
                if closed == CLOSED {
                    return Some((index + 1, closed));
                }
            }
        }
        Some((end, closed))
    }

    pub(super) fn is_idle(&self, connection: &Connection) -> bool {
        connection.client().is_some_and(|client| self.table.is_at_rest(client)) && connection.is_at_rest()
    }
}
