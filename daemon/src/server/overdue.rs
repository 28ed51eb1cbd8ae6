//! Holders that are overdue: they are logged and disconnected, as the lock table reports them.

use super::Server;
use super::connection::Connection;
use super::hub::Hub;
use super::outbox::SLICE;
use crate::net::peer::Peer;
use crate::saved::SavedDisconnects;
use crate::system::clock;
use poolcounter::event::HoldEnd;
use poolcounter::key::KeyText;
use poolcounter::table::{HoldChange, HoldPolicies, HoldReport};
use poolcounter::{ClientId, Timestamp};
use std::collections::HashMap;
use std::rc::Rc;
use tracing::warn;

impl Server {
    /// From now on holders are overdue by these limits.
    pub(crate) fn watch_holds(&self, policies: HoldPolicies) {
        // What was found so far is logged under the old limits.
        while self.check_holds() {}
        let mut hub = self.hub.borrow_mut();
        self.hold_log.is_on.set(!policies.is_empty());
        hub.table.watch_holds(policies);
        let holders = hub.table.overdue_holds().map(|(hold, client)| (hold, hub.name(client)));
        self.hold_log.holders.replace(if self.watches_holds() { holders.collect() } else { HashMap::new() });
        self.hold_log.turned_on.notify_one();
    }

    pub(crate) fn watches_holds(&self) -> bool {
        self.hold_log.is_on.get()
    }

    /// Resolves after limits were set.
    pub(crate) async fn begins_to_watch_holds(&self) {
        self.hold_log.turned_on.notified().await;
    }

    /// How many holders were disconnected since the start.
    pub(crate) fn disconnects(&self) -> SavedDisconnects {
        self.hold_log.disconnects.get()
    }

    pub(super) fn set_disconnects(&self, disconnects: SavedDisconnects) {
        self.hold_log.disconnects.set(disconnects);
    }

    /// Logs and disconnects overdue holders, but not too many in one turn. Gives whether there may be more.
    pub(crate) fn check_holds(&self) -> bool {
        if !self.watches_holds() {
            return false;
        }
        let mut hub = self.hub.borrow_mut();
        let now = clock::now();
        let mut left = SLICE;
        while left > 0
            && let Some(report) = hub.table.next_hold_report(now)
        {
            left -= 1;
            self.follow(&report, &mut hub, now);
        }
        self.publish(&mut hub);
        left == 0
    }

    fn follow(&self, report: &HoldReport, hub: &mut Hub, now: Timestamp) {
        let HoldReport { hold, change, key, client, held, waiters, .. } = report;
        let (key, held) = (KeyText(key), held.as_secs_f64());
        match change {
            HoldChange::Overdue => {
                let holder = hub.name(*client);
                warn!("the lock on {key} has been held for {held:.1} s by {holder}, waiting: {waiters}");
                self.hold_log.holders.borrow_mut().insert(*hold, holder);
            }
            HoldChange::TooLong => {
                let Some(connection) = hub.outbox.clients.get(*client) else { return };
                // Perhaps it has released the lock, and this daemon was stopped meanwhile. If not, the report comes again.
                if !connection.socket.has_nothing_to_read() {
                    return;
                }
                let holder = hub.name(*client);
                warn!(
                    "the lock on {key} has been held for {held:.1} s by {holder}, waiting: {waiters}; the client was disconnected"
                );
                self.hold_log.count(|disconnects| &mut disconnects.overdue);
                hub.disconnect(&connection, now);
            }
            HoldChange::Ended(end) => {
                let holder = self.hold_log.holders.borrow_mut().remove(hold).unwrap_or_else(|| "a client".to_owned());
                let end = if *end == HoldEnd::Released { "released" } else { "the client's connection has ended" };
                warn!("the lock on {key} is no longer held by {holder}, after {held:.1} s: {end}; waiting: {waiters}");
            }
        }
    }

    /// Disconnects the client with this number for people. Gives how many claims it had; `None` if there is no such client.
    pub(crate) fn kick(&self, serial: u64) -> Option<usize> {
        let mut hub = self.hub.borrow_mut();
        let connection = Rc::clone(hub.outbox.clients.with_serial(serial)?);
        let client = connection.client()?;
        let claims = hub.table.client(client)?.claims().len();
        warn!("{} was disconnected at an operator's request, claims: {claims}", hub.name(client));
        self.hold_log.count(|disconnects| &mut disconnects.by_hand);
        hub.disconnect(&connection, clock::now());
        self.publish(&mut hub);
        Some(claims)
    }
}

impl Hub {
    /// Ends a client's connection, and tells those who get its locks.
    pub(super) fn disconnect(&mut self, connection: &Connection, now: Timestamp) {
        self.outbox.close(connection, &mut self.table, now);
        self.tell_others(now);
    }

    /// A client as the log names it.
    fn name(&self, client: ClientId) -> String {
        let clients = &self.outbox.clients;
        let peer = clients.at(client.index()).map_or(Peer::Unknown, |connection| Peer::of(&connection.socket));
        format!("client {} ({peer})", clients.serial(client.index()))
    }
}
